import type { Content } from './contents.ts'
import { serverPackage } from './contents.ts'

/** What an image may weigh, in bytes. */
export const bars = { image: 24_000_000, withoutModel: 48_000_000 } as const

export interface Sizes {
  /** The unified kernel image. */
  readonly image: number
  /** The same with the model server and all else on the disk of the model, but without the model. */
  readonly withoutModel: number
}

/**
 * @param image bytes of the unified kernel image
 * @param model package of the model
 */
export function sizesOf(image: number, all: readonly Content[], model: string): Sizes {
  const beside = all.filter((content) => content.part === 'model disk' && content.package !== model)
  if (!beside.some((content) => content.package === serverPackage))
    throw new Error('The disk of the model has no model server.')
  return { image, withoutModel: beside.reduce((sum, { size }) => sum + size, image) }
}

/** One sentence for each bar that is exceeded. */
export function exceeded(sizes: Sizes): string[] {
  return (Object.keys(bars) as (keyof Sizes)[])
    .filter((name) => sizes[name] > bars[name])
    .map((name) => `${titles[name]} has ${sizes[name]} bytes, at most ${bars[name]} are allowed.`)
}

export const titles: Readonly<Record<keyof Sizes, string>> = {
  image: 'The image without model and model server',
  withoutModel: 'All but the model',
}
