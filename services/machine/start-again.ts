import { EndedEarly } from '../staging/child.ts'

/** QEMU 7.2 emulates a clock with which the kernel panics in about one of 45 starts. */
const mostStarts = 2

/**
 * Starts something, and once more where it ended by itself before it was ready. What is slow or refused is not started again.
 *
 * @param onProgress hears of the start that is repeated, and why
 */
export async function startAgain<T>(start: () => Promise<T>, onProgress: (message: string) => void): Promise<T> {
  for (let starts = 1; ; starts += 1) {
    try {
      return await start()
    } catch (error) {
      if (starts === mostStarts || !(error instanceof EndedEarly)) throw error
      onProgress(`started once more: ${error.message}`)
    }
  }
}
