import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { differenceOf, differencesOf } from './compare.ts'
import { contents, type Content } from './contents.ts'
import { imageIn, rebuildImage, root, type Image, type Language } from './image.ts'
import { jobs, run, type Progress } from './run.ts'
import { exceeded, sizesOf, type Sizes } from './sizes.ts'
import type { Owners } from './uki.ts'
import { unpacked } from './unpacked.ts'

export interface Checked {
  readonly image: Image
  readonly contents: readonly Content[]
  readonly sizes: Sizes
  /** One line for each difference of the two builds and for each exceeded bar; none: the check has passed. */
  readonly faults: readonly string[]
}

const again: string = fileURLToPath(new URL('again.ts', import.meta.url))

/** 2001-09-09: no file of a checkout is that old. */
const earlier = 1_000_000_000

/**
 * Builds the image of this checkout twice and compares the bytes. The second build differs in everything that must not count: folder,
 * umask, number of jobs, date of the sources, and day (a time zone in which another day has begun or has not ended). It shares with the
 * first one what is fetched by its digest, and nothing that was built.
 */
export async function checkImage(language: Language, onProgress: Progress): Promise<Checked> {
  const image = await rebuildImage(language, onProgress)
  const work = await mkdtemp(join(tmpdir(), 'blindllama-again-'))
  try {
    const source = join(work, 'source')
    await copyCheckout(root, source)
    onProgress('building everything once more, in another folder')
    const folder = join(work, 'made')
    await mkdir(folder)
    await run(
      'The second build failed',
      ['bash', '-c', 'umask 077; exec "$@"', 'bash', process.execPath, '--import', 'tsx', again, source, folder],
      {
        cwd: root,
        timeoutMs: 90 * 60_000,
        // Lines of `again.ts`, each written whole.
        onOutput: (text) =>
          text
            .trimEnd()
            .split('\n')
            .forEach((line) => onProgress(`again: ${line}`)),
        env: {
          IMAGE_BUILDS: join(work, 'builds'),
          IMAGE_JOBS: String(jobs + 1),
          IMAGE_MODEL: language.model,
          IMAGE_MODEL_NAME: language.name,
          TZ: otherDay(new Date()),
        },
      },
    )
    return await compareBuilds(image, imageIn(folder), language.name, onProgress)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Compares two builds, and the first one with the bars. */
export async function compareBuilds(image: Image, other: Image, model: string, onProgress: Progress): Promise<Checked> {
  const tools = await unpacked('tools', onProgress)
  onProgress('comparing the builds')
  const faults: string[] = []
  for (const name of ['uki', 'bootDisk', 'modelDisk', 'files', 'sbom'] as const)
    faults.push(...(await differenceOf({ name: titleOf[name], one: image[name], other: other[name] })))
  const list = async ({ uki, modelDisk, owners: file }: Image): Promise<Content[]> => {
    const owners = JSON.parse(await readFile(file, 'utf8')) as Owners
    return contents(tools, { uki, modelDisk, owners, model })
  }
  const all = await list(image)
  if (faults.length > 0) {
    const differences = await list(other).then(
      (found) => differencesOf(all, found),
      // What is broken can be the reason of the difference.
      (error: unknown) => [`the second build cannot be taken apart: ${String(error)}`],
    )
    faults.push(...differences.map((line) => `  ${line}`))
  }
  const sizes = sizesOf((await stat(image.uki)).size, all, model)
  return { image, contents: all, sizes, faults: [...faults, ...exceeded(sizes)] }
}

const titleOf = {
  uki: 'the image',
  bootDisk: 'the boot disk',
  modelDisk: 'the disk of the model',
  files: 'the list of files',
  sbom: 'the bill of materials',
} as const

/** A time zone in which it is another day than here. POSIX counts hours to the west. */
function otherDay(now: Date): string {
  return now.getHours() < 12 ? 'WEST+12' : 'EAST-14'
}

/** Copies what Git knows or would add, as it is now. */
async function copyCheckout(from: string, to: string): Promise<void> {
  const words = ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const names = (await run('The sources could not be listed', words, { cwd: from })).split('\0').filter(Boolean)
  for (const name of names) {
    const target = join(to, name)
    const status = await stat(join(from, name)).catch(() => undefined)
    // A file that was removed and not yet committed.
    if (status?.isFile() !== true) continue
    await mkdir(dirname(target), { recursive: true })
    await copyFile(join(from, name), target)
    await chmod(target, status.mode & 0o100 ? 0o700 : 0o600)
    await utimes(target, earlier, earlier)
  }
}
