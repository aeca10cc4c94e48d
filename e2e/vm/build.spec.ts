import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256File } from '../../packages/image/build/cache.ts'
import { compareBuilds } from '../../packages/image/build/check.ts'
import { imageIn, type Image } from '../../packages/image/build/image.ts'
import { validate } from '../../packages/image/build/sbom.ts'
import { modelId } from '../../services/staging/artifacts.ts'
import { assemble, diskWith, flip, partsOf, withFile } from './images.ts'
import { expect, test } from './fixtures.ts'

const quiet = (): void => {}

/** The built image once more, with some of its files in place of the copies. */
async function copyOf(image: Image, folder: string, changed: Partial<Image>): Promise<Image> {
  await mkdir(folder)
  const copy = imageIn(folder)
  for (const name of Object.keys(copy) as (keyof Image)[]) await copyFile(changed[name] ?? image[name], copy[name])
  return copy
}

test('the check of two builds passes for the same bytes, and names every file with its package', async ({
  machines,
  folder,
}) => {
  const { image } = machines.release
  const { faults, contents } = await compareBuilds(image, await copyOf(image, join(folder, 'copy'), {}), modelId, quiet)
  expect(faults).toEqual([])
  expect(contents.map(({ path }) => path)).toEqual(
    expect.arrayContaining([
      '.linux',
      'init',
      'usr/bin/blindllama-gateway',
      'llama-server',
      'llama-server-avx2',
      'model.gguf',
    ]),
  )
  expect(JSON.parse(await readFile(image.files, 'utf8'))).toEqual(contents)
  const bill = await readFile(image.sbom, 'utf8')
  expect(await validate(bill)).toBeUndefined()
  for (const { sha256 } of contents) expect(bill).toContain(sha256)
})

test('the boot disk has the same bytes in every time zone', async ({ machines, folder }) => {
  const { uki, bootDisk } = machines.release.image
  const before = process.env['TZ']
  try {
    process.env['TZ'] = 'EAST-14'
    expect(await sha256File(await diskWith(uki, folder))).toBe(await sha256File(bootDisk))
  } finally {
    if (before === undefined) delete process.env['TZ']
    else process.env['TZ'] = before
  }
})

test('the check fails for one changed byte of the image, and names the section', async ({ machines, folder }) => {
  const { image } = machines.release
  const other = await copyOf(image, join(folder, 'copy'), {})
  await flip(other.uki, (await readFile(other.uki)).indexOf('debian-kernel@lists.debian.org'))
  const { faults } = await compareBuilds(image, other, modelId, quiet)
  expect(faults.join('\n')).toMatch(/^the image: .* different: 1 bytes/)
  expect(faults.join('\n')).toContain('image: .linux: sha256')
})

test('the check fails for a file that only one build has, and for a changed file of the disk', async ({
  machines,
  folder,
}) => {
  const { image } = machines.release
  const parts = await withFile(await partsOf(image.uki, folder), 'usr/bin/evil', 'evil', folder)
  const other = await copyOf(image, join(folder, 'copy'), { uki: await assemble(parts, folder) })
  // Within the weights, which are stored as they are.
  await flip(other.modelDisk, 40 * 1024 * 1024)
  const { faults } = await compareBuilds(image, other, modelId, quiet)
  expect(faults.join('\n')).toContain('the disk of the model: ')
  expect(faults.join('\n')).toContain('the second build cannot be taken apart')
})
