import type { Machines, Tampering } from './machines.ts'
import { expect, test } from './fixtures.ts'
import { takenOver } from './taken-over.ts'

/** What a machine printed until it ended by itself, where QEMU lets it out to this host. */
async function untilEnd(machines: Machines, tampering: Tampering): Promise<string> {
  const { machine, stop } = await machines.start({ ...tampering, outward: true })
  try {
    await machine.qemu.exited
    return await machine.console()
  } finally {
    await stop()
  }
}

test('a gateway that was taken over reaches no TPM, no network and no file of others, and ends with the machine', async ({
  machines,
  folder,
}) => {
  const console = await untilEnd(machines, { bootDisk: await takenOver(machines.release.image.uki, folder) })
  const said = [...console.matchAll(/taken over: (.*?): (.*?)\r?\n/g)].map(([, what, outcome]) => [what, outcome])
  const absent = 'No such file or directory (os error 2)'
  const sealed = 'Read-only file system (os error 30)'
  const denied = 'Permission denied (os error 13)'
  expect(Object.fromEntries(said)).toEqual({
    '/dev/tpmrm0': absent,
    '/dev/tpm0': absent,
    '/run/attester/gateway.toml': absent,
    '/proc/self/status': absent,
    '/sys/class/tpm': absent,
    '/init': absent,
    '/model/model.gguf': absent,
    '/written': sealed,
    '/usr/written': sealed,
    '/run/gateway/written': sealed,
    '/run/model/written': sealed,
    all: 'reached ["dev", "lib", "lib64", "run", "usr"]',
    devices: 'reached ["null"]',
    folder: 'reached ["attester", "documents", "event.log", "gateway.toml"]',
    '10.0.2.2:8443': denied,
    '10.0.2.15:8787': denied,
    '127.0.0.1:8787': denied,
    'UDP to 10.0.2.3:53': 'Network is unreachable (os error 101)',
    // Of the machine's own network: Landlock alone keeps this socket from leaving.
    'turned to 10.0.2.2:8443': denied,
    'turned to 10.0.2.3:53': denied,
    'place 0': absent,
    'place 1': absent,
  })
  expect(console, 'SIGSYS').toContain('init: the gateway ended: signal 31. The machine powers off.')
  // The attester itself runs, for the user of the gateway alone.
  expect(console).toMatch(/"event":"attester\.start","ak_name":"000b[0-9a-f]{64}","peer":990/)
})

test('the end of the attester is the end of the machine', async ({ machines, folder }) => {
  const bootDisk = await takenOver(machines.release.image.uki, folder, { 'usr/lib/attester-ends': '' })
  const console = await untilEnd(machines, { bootDisk })
  expect(console).toContain('init: the attester ended: status 0. The machine powers off.')
})
