import type { StateKeeper } from '../attestation/state-keeper.js'

export interface IndexedDbStateOptions {
  /** Of the database. Default: `blindllama`. Services that a page tells apart may share one. */
  name?: string
}

export interface IndexedDbState extends StateKeeper {
  /** Forgets everything: the next visit counts as the first one. */
  clear: () => Promise<void>
}

/** Opening has been seen to hang where the storage of a browser is broken. */
const openTimeoutMs = 10_000
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
 * kept lasts as long as the window.
 */
export function indexedDbState({ name = 'blindllama' }: IndexedDbStateOptions = {}): IndexedDbState {
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
  const database = await open(name)
  try {
    const transaction = database.transaction(objectStore, mode, { durability: 'strict' })
    const over = new Promise<void>((resolve, reject) => {
      transaction.addEventListener('complete', () => resolve())
      transaction.addEventListener('abort', () => reject(transaction.error))
    })
    const [result] = await Promise.all([work(transaction.objectStore(objectStore)), over])
    return result
  } finally {
    database.close()
  }
}

async function open(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1)
  request.addEventListener('upgradeneeded', () => request.result.createObjectStore(objectStore))
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DOMException('The database does not open', 'TimeoutError')), openTimeoutMs)
  })
  return Promise.race([settled(request), late]).finally(() => clearTimeout(timer))
}

async function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error))
  })
}
