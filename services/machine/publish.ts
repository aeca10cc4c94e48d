import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { root } from '../../packages/image/build/image.ts'
import { sha256File } from '../../packages/image/build/cache.ts'
import { artifacts } from '../staging/artifacts.ts'
import type { Publisher, ReleaseInput } from '../staging/publisher.ts'
import { measureRelease } from './golden.ts'
import type { MeasuredRelease } from './release.ts'

const git = async (...words: string[]): Promise<string> =>
  (await promisify(execFile)('git', words, { cwd: root, timeout: 20_000 })).stdout.trim()

/** The commit of this checkout, hexadecimal, and whether files differ from it; zeros where it has none. */
async function commit(): Promise<{ id: string; isChanged: boolean }> {
  try {
    return { id: await git('rev-parse', 'HEAD'), isChanged: (await git('status', '--porcelain')) !== '' }
  } catch {
    return { id: '00'.repeat(20), isChanged: true }
  }
}

/** Has a publisher sign and log the image of this checkout, for every shape of machine that is known here. @returns the release's name */
export async function publishImage(
  publisher: Publisher,
  { image, platforms, shape }: MeasuredRelease,
  { version = 1, minVersion = version }: Partial<Pick<ReleaseInput, 'version' | 'minVersion'>> = {},
): Promise<string> {
  const { id, isChanged } = await commit()
  const name = `image ${version} of this checkout${isChanged ? ', with changes' : ''}`
  await publisher.release({
    name,
    version,
    minVersion,
    golden: await measureRelease(image.uki, platforms, publisher.folder),
    imageDigest: await sha256File(image.uki),
    modelDigest: await sha256File(artifacts.model),
    sourceCommit: id,
    machine: `QEMU q35, ${shape.processors} processors, ${shape.memory} MiB`,
  })
  return name
}
