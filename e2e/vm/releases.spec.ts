import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { diskBytes } from '../../services/machine/documents.ts'
import { signedMachinePolicy } from '../../services/machine/golden.ts'
import { expect, test } from './signed.ts'

/** Where files of a disk of documents go (PROTOCOL.md §24.7). */
const body = 4096

/** Writes into a disk in place, as a host can at any time. */
async function overwrite(disk: string, bytes: Uint8Array, at = 0): Promise<void> {
  const file = await open(disk, 'r+')
  try {
    await file.write(bytes, 0, bytes.length, at)
  } finally {
    await file.close()
  }
}

test('a signed release passes, and one below the floor is refused', async ({
  machines,
  visitor,
  publisher,
  documents,
  configuration,
}) => {
  const { url, akName, policy, stop } = await machines.boot({ documents, configuration })
  const under = (floor: number): string => signedMachinePolicy(akName, machines.configDigest, publisher.trust(floor))
  try {
    const { chat, close } = await visitor.open({ url, policy: under(2) })
    await chat.verified()
    const shown = await chat.text('[data-testid="release"]')
    expect(shown).toContain('(version 2)')
    expect(shown).toContain('signed by developer and auditor')
    expect(shown).toContain('logged in log.example/staging')
    expect(shown).toContain('at least 2 of 3 witnesses')
    await close()
    expect(await visitor.verdict({ url, policy: under(3) })).toBe('release.below_floor')
    expect(await visitor.verdict({ url, policy }), 'under a policy that pins the same values itself').toBe('verified')
  } finally {
    await stop()
  }
})

test('documents follow their disk while the machine runs, and a disk of anything else changes nothing', async ({
  machines,
  visitor,
  publisher,
  documents,
  configuration,
}) => {
  const { machine, url, akName, stop } = await machines.boot({ documents, configuration })
  const policy = signedMachinePolicy(akName, machines.configDigest, publisher.trust())
  const verdict = async (): Promise<string> => visitor.verdict({ url, policy })
  const soon = { timeout: 60_000, intervals: [3000] }
  const told = async (reason: string): Promise<void> =>
    expect.poll(async () => machine.console(), soon).toContain(`the disk of documents: ${reason}`)
  try {
    expect(await verdict()).toBe('verified')

    await test.step('a status that withdraws the release', async () => {
      await publisher.status('--revoke-release', publisher.at('manifest.json'))
      await publisher.writeDisk(documents)
      await expect.poll(verdict, soon).toBe('release.revoked')
    })
    await test.step('a later one that does not', async () => {
      await publisher.status()
      await publisher.writeDisk(documents)
      await expect.poll(verdict, soon).toBe('verified')
    })
    await test.step('garbage in place of the head', async () => {
      await overwrite(documents, Buffer.alloc(body, 'garbage '))
      await told('it does not begin with the head of documents')
      expect(await verdict()).toBe('verified')
    })
    await test.step('a head that names more than the limit', async () => {
      const head = Buffer.alloc(body)
      head.write('blindllama/docs1', 'latin1')
      head.writeUInt32BE(diskBytes, 24)
      await overwrite(documents, head)
      await told('its head names more than 1 MiB')
      expect(await verdict()).toBe('verified')
    })
    await test.step('a path for a name', async () => {
      const name = '../gateway.toml'
      const content = Buffer.concat([Buffer.of(name.length), Buffer.from(`${name}\0\0\0\u0001x`)])
      const head = Buffer.alloc(body)
      head.write('blindllama/docs1', 'latin1')
      head.writeUInt32BE(content.length, 24)
      createHash('sha256').update(content).digest().copy(head, 28)
      await overwrite(documents, content, body)
      await overwrite(documents, head)
      await told('a file in it has no valid name, or ends too early')
      expect(await verdict()).toBe('verified')
    })
    await test.step('a good disk again', async () => {
      await overwrite(documents, Buffer.alloc(body))
      await publisher.status('--revoke-release', publisher.at('manifest.json'))
      await publisher.writeDisk(documents)
      await expect.poll(verdict, soon).toBe('release.revoked')
    })
    expect(machine.qemu.running, 'the machine runs on').toBe(true)
  } finally {
    await stop()
  }
})
