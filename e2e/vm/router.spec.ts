import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { guestConfigDigest, machinePolicy } from '../../services/machine/golden.ts'
import { artifacts } from '../../services/staging/artifacts.ts'
import { packets } from './capture.ts'
import { expect, test } from './fixtures.ts'
import { answer, host, modelServer, router, unasked } from './outside.ts'
import { takenOver } from './taken-over.ts'

test('a router streams an answer from the one address of its configuration, and sends nothing to any other', async ({
  pageServer,
  machines,
  visitor,
  folder,
}) => {
  const { server, port, asked } = await modelServer()
  const address = `${host}:${port}`
  const capture = join(folder, 'packets.pcap')
  const configuration = router(pageServer.origin, { egress: [address] }, { url: `http://${address}` })
  const { akName, url, stop } = await machines.boot({ configuration, capture, outward: true })
  try {
    const configDigest = await guestConfigDigest(artifacts.gateway, configuration, 'router')
    const { platform, values } = machines.release
    const pinned = { akName, platform, image: values, configDigest, upstream: 'unattested' as const }
    const { chat, close } = await visitor.open({ url, policy: machinePolicy(pinned) })
    await chat.verified()
    await chat.ask('Who answers?')
    await expect.poll(async () => (await chat.answer(0))?.state, { timeout: 60_000 }).toBe('complete')
    expect((await chat.answer(0))?.said).toContain(answer.join('').trim())
    await close()
    expect(asked()).toBeGreaterThan(0)
    // A page that wants the model in the image refuses the same machine.
    expect(await visitor.verdict({ url, policy: machinePolicy({ ...pinned, upstream: 'in-image' }) })).toBe(
      'claims.upstream',
    )

    const sent = unasked(packets(await readFile(capture)))
    expect(
      sent.some(({ opens }) => opens),
      'it connects',
    ).toBe(true)
    const elsewhere = sent.filter(
      (packet) => packet.protocol !== 'tcp' || packet.target !== host || packet.targetPort !== port,
    )
    expect(elsewhere, 'packets to any other address or port').toEqual([])
  } finally {
    await stop()
    server.close()
  }
})

test('the connector of a router connects to listed addresses alone, whoever asks', async ({
  pageServer,
  machines,
  folder,
}) => {
  const { server, port } = await modelServer()
  const address = `${host}:${port}`
  const capture = join(folder, 'packets.pcap')
  const configuration = router(pageServer.origin, { egress: [address] }, { url: `http://${address}` })
  const bootDisk = await takenOver(machines.release.image.uki, folder)
  const { machine, stop } = await machines.start({ configuration, bootDisk, capture, outward: true })
  try {
    await machine.qemu.exited
    const console = await machine.console()
    expect(console).toContain('taken over: place 0: reached 0')
    // EACCES
    expect(console).toContain('taken over: place 1: reached 13')
    expect(console).toContain('taken over: 10.0.2.2:8443: Permission denied')
    expect(console).toContain('taken over: UDP to 10.0.2.3:53: Network is unreachable')
    expect(console).toContain('taken over: turned to 10.0.2.2:8443: Permission denied')
    expect(console).toContain('init: the gateway ended: signal 31. The machine powers off.')
    const opened = unasked(packets(await readFile(capture))).filter(({ opens }) => opens)
    expect(opened.map(({ target, targetPort }) => `${target}:${targetPort}`)).toEqual([`${host}:${port}`])
  } finally {
    await stop()
    server.close()
  }
})

const far = '192.0.2.1:8443'

for (const [what, machine, upstream, reason] of [
  ['an upstream in the profile closed', {}, `${host}:8443`, 'upstream.url: without machine.egress'],
  [
    'an upstream that its list does not name',
    { egress: [`${host}:8443`] },
    `${host}:8444`,
    'machine.egress does not list',
  ],
  [
    'an address that no route leads to',
    { egress: [far] },
    far,
    'it is not on the network 10.0.2.15/24; name the router',
  ],
  [
    'a next hop that is on another network itself',
    { egress: [far], next_hop: '192.0.2.7' },
    far,
    'machine.next_hop, 192.0.2.7: the router has to be on the network',
  ],
] as const)
  test(`a machine does not start with ${what}`, async ({ pageServer, machines }) => {
    const configuration = router(pageServer.origin, machine, { url: `http://${upstream}` })
    const { machine: started, stop } = await machines.start({ configuration })
    try {
      await started.qemu.exited
      const console = await started.console()
      expect(console).toContain(reason)
      expect(console, 'no gateway').not.toContain('"event":"start"')
    } finally {
      await stop()
    }
  })
