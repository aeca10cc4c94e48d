/**
 * Loads a part of the page that the first load leaves out.
 *
 * @throws {Error} with code `page.part`: the network or the server of the page failed, and nothing was sent to the service
 */
export async function loadPart<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load()
  } catch {
    throw Object.assign(new Error('A part of this page could not be loaded.'), { code: 'page.part' })
  }
}

/** One load for all callers. A failure is not kept: the next caller tries again. */
export function once<Part>(load: () => Promise<Part>): () => Promise<Part> {
  let loading: Promise<Part> | undefined
  return async () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined
      throw error
    })
    return loading
  }
}
