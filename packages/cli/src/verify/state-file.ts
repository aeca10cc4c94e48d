import type { StateStore } from '@blindllama/web-sdk/state'
import { Failure } from '../failure.js'
import { bytesOf } from '../read-file.js'
import { replaceFile } from '../replace-file.js'

/**
 * Keeps what the verifier remembers of earlier runs (PROTOCOL.md §20) in a file. A file that is not there is a first visit; one that
 * cannot be read is none.
 */
export function stateFile(file: string): StateStore {
  const load = async (): Promise<Uint8Array | undefined> => {
    try {
      return await bytesOf(file)
    } catch (error) {
      const { cause } = error as Failure
      if (error instanceof Failure && (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined
      throw error
    }
  }
  return {
    load,
    async store(state, previous) {
      const kept = await load()
      if (!Buffer.from(kept ?? []).equals(Buffer.from(previous ?? []))) return false
      await replaceFile(file, state)
      return true
    },
  }
}
