import { sha256File } from '../../packages/image/build/cache.ts'
import { artifacts } from '../staging/artifacts.ts'
import { checkoutCommit } from '../staging/commit.ts'
import type { Publisher, ReleaseInput } from '../staging/publisher.ts'
import { measureRelease } from './golden.ts'
import type { MeasuredRelease } from './release.ts'

/** Has a publisher sign and log the image of this checkout, for every shape of machine that is known here. @returns the release's name */
export async function publishImage(
  publisher: Publisher,
  { image, platforms, shape }: MeasuredRelease,
  { version = 1, minVersion = version }: Partial<Pick<ReleaseInput, 'version' | 'minVersion'>> = {},
): Promise<string> {
  const { id, isChanged } = await checkoutCommit()
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
