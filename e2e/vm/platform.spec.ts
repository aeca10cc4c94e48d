import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../packages/image/build/run.ts'
import type { Shape } from '../../services/machine/qemu.ts'
import { platformOf } from '../../services/machine/reference.ts'
import { diskWith, signed } from './images.ts'
import { expect, test } from './fixtures.ts'
import { earlierFirmware } from './earlier-firmware.ts'

const beside = (path: string, name: string): string => join(path, '..', name)

/** Beside that of the release, which every other scenario boots. */
const shapes: readonly Shape[] = [
  { memory: 1280, processors: 2 },
  { memory: 1024, processors: 1 },
  { memory: 2048, processors: 4 },
]

for (const shape of shapes)
  test(`a machine of ${shape.memory} MiB and ${shape.processors} processors has the predicted values, and is refused by a release that does not name it`, async ({
    machines,
    visitor,
  }) => {
    const { firmware, accelerator } = machines.release
    const signal = new AbortController().signal
    const platform = await platformOf({ firmware, shape, accelerator, signal })
    const { url, policy, akName, stop } = await machines.boot({ shape })
    try {
      expect(await visitor.verdict({ url, policy: machines.policyFor(akName, platform) })).toBe('verified')
      expect(await visitor.verdict({ url, policy })).toBe('pcr.mismatch')
    } finally {
      await stop()
    }
  })

test('firmware of another version has the predicted values, and is refused by a release that does not name it', async ({
  machines,
  visitor,
}) => {
  const { shape, accelerator } = machines.release
  const firmware = await earlierFirmware()
  const platform = await platformOf({ firmware, shape, accelerator, signal: new AbortController().signal })
  const { url, policy, akName, stop } = await machines.boot({ firmware })
  try {
    expect(await visitor.verdict({ url, policy: machines.policyFor(akName, platform) })).toBe('verified')
    expect(await visitor.verdict({ url, policy })).toBe('pcr.mismatch')
  } finally {
    await stop()
  }
})

test('Secure Boot with keys of the host is refused, though it starts the released image', async ({
  machines,
  folder,
  verdictAfter,
}) => {
  // Debian's package has firmware whose keys are published, with the private one: any host can sign for it.
  const { code, variables } = machines.release.firmware
  const firmware = {
    code: beside(code, 'OVMF_CODE_4M.secboot.fd'),
    variables: beside(variables, 'OVMF_VARS_4M.snakeoil.fd'),
    secureBoot: true,
  }
  const published = beside(code, '../ovmf/PkKek-1-snakeoil')
  const key = join(folder, 'key.pem')
  const words = ['openssl', 'rsa', '-in', `${published}.key`, '-passin', 'pass:snakeoil']
  await writeFile(key, await run('The published key could not be read', words, { cwd: '/' }))
  const image = await signed(machines.release.image.uki, key, `${published}.pem`, folder)
  expect(await verdictAfter({ firmware, bootDisk: await diskWith(image, folder) })).toBe('pcr.mismatch')
  // Without the signature this firmware starts nothing.
  const { machine, stop } = await machines.start({ firmware })
  try {
    await expect(
      machine.qemu.line((line) => (line.includes('"event":"start"') ? true : undefined), 60_000),
    ).rejects.toThrow()
  } finally {
    await stop()
  }
})
