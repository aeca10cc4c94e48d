import { within } from '../abort.js'
import type { StateStore } from '../attestation/state-store.js'
import { BlindLlamaError } from '../errors.js'
import { assertKnown } from '../known-options.js'

export interface IndexedDbStateOptions {
  /** Of the database. Default: `blindllama`. Services that a page tells apart may share one. */
  name?: string
}

export interface IndexedDbState extends StateStore {
  /**
   * Forgets everything, withdrawals included: the next visit counts as the first one.
   *
   * @throws {BlindLlamaError} `client.state`, `client.state_timeout`
   */
  clear: () => Promise<void>
}

/** For a transaction, from the opening of the database on, which has been seen to hang where the storage of a browser is broken. */
const timeoutMs = 10_000
const objectStore = 'state'
const key = 'state'

/**
 * Keeps the state of the verifier in IndexedDB, for this origin, in all its tabs and workers.
 *
 * ```ts
 * import { connect } from '@blindllama/web-sdk'
 * import { indexedDbState } from '@blindllama/web-sdk/state'
 *
 * const client = await connect({ url: 'https://chat.example/', policy, state: indexedDbState() })
 * ```
 *
 * Where a browser refuses storage, as in a sandboxed frame, `connect` rejects with `client.state`; in a private window what is
 * kept lasts as long as the window. Where another tab holds the lock and does not go on, as one that the system suspended,
 * `connect` rejects with `client.state_timeout`.
 */
export function indexedDbState(options: IndexedDbStateOptions = {}): IndexedDbState {
  assertKnown(options, 'name')
  const { name = 'blindllama' } = options
  return {
    async load() {
      return inTransaction(name, 'readonly', async (store) => stateOf(await settled(store.get(key))))
    },
    // Reading and writing are one transaction: those of several tabs run one after the other.
    async store(state, previous) {
      return inTransaction(name, 'readwrite', async (store) => {
        if (!equal(stateOf(await settled(store.get(key))), previous)) return false
        await settled(store.put(state.slice(), key))
        return true
      })
    },
    async exclusive(visit, signal) {
      let begun = false
      try {
        return await navigator.locks.request(`${name}/${key}`, { signal }, async () => {
          begun = true
          return visit()
        })
      } catch (error) {
        if (begun || signal.aborted) throw error
        // Where a browser refuses locks it refuses storage too: `load` says so with its code.
        return visit()
      }
    },
    async clear() {
      await inTransaction(name, 'readwrite', async (store) => settled(store.delete(key)))
    },
  }
}

function stateOf(value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined
}

function equal(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one?.length === other?.length && (one ?? []).every((byte, index) => byte === other?.[index])
}

/** Resolves once everything is on disk; `work` awaits nothing but requests to its store. */
async function inTransaction<T>(
  name: string,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => Promise<T>,
): Promise<T> {
  try {
    return await within(timeoutMs, late, undefined, async (signal) => {
      const database = await open(name, signal)
      try {
        const transaction = database.transaction(objectStore, mode, { durability: 'strict' })
        const over = new Promise<void>((resolve, reject) => {
          transaction.addEventListener('complete', () => resolve())
          transaction.addEventListener('abort', () => reject(transaction.error))
        })
        // What was not in time is not written later either.
        signal.addEventListener('abort', () => abort(transaction))
        const [result] = await Promise.all([work(transaction.objectStore(objectStore)), over])
        return result
      } finally {
        database.close()
      }
    })
  } catch (cause) {
    if (cause instanceof BlindLlamaError) throw cause
    throw new BlindLlamaError('client.state', 'The browser refused the database', { cause })
  }
}

function late(): BlindLlamaError {
  return new BlindLlamaError('client.state_timeout', 'The database did not answer within 10 s')
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort()
  } catch {
    // It is over already.
  }
}

/** @param signal closes what opens after it was aborted */
async function open(name: string, signal: AbortSignal): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1)
  request.addEventListener('upgradeneeded', () => request.result.createObjectStore(objectStore))
  const database = await settled(request)
  if (!signal.aborted) return database
  database.close()
  throw signal.reason
}

async function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error))
  })
}
