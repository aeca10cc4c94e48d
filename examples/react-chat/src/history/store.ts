import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from 'idb'
import { hasHistory, NAME } from './find.ts'

/** Version of the records, which their encryption covers. */
const VERSION = 1
/** Another tab that holds a database open can keep this one from opening or deleting it for ever. */
const OPEN_MS = 5000

interface Schema extends DBSchema {
  key: { key: 'current'; value: { readonly id: string; readonly key: CryptoKey } }
  records: { key: string; value: StoredRecord }
}

/** Without the key, `id`, `version` and the length of `data` can be read, nothing else. */
interface StoredRecord {
  readonly id: string
  readonly version: number
  readonly iv: Uint8Array<ArrayBuffer>
  /** AES-256-GCM over JSON. */
  readonly data: ArrayBuffer
}

/** Another tab has deleted the history, whose key this tab still has. */
export class HistoryDeleted extends Error {
  override readonly name = 'HistoryDeleted'
}

/** Another tab has deleted this record alone. */
export class RecordDeleted extends Error {
  override readonly name = 'RecordDeleted'
}

/**
 * Records in IndexedDB, encrypted with an AES-GCM key that the browser does not export (`extractable: false`).
 *
 * Pages of other origins, and extensions without access to this page, cannot read them. Software that reads or copies the profile of
 * the browser can: the key is in the same database, and browsers store it there unencrypted. Scripts of this page can use the key.
 * Deletion is not forensic: a browser marks key and records as deleted, and their bytes can stay on the disk, and be recovered, until the
 * browser and the disk overwrite them.
 */
export class HistoryStore {
  readonly #db: IDBPDatabase<Schema>
  readonly #id: string
  readonly #key: CryptoKey
  /** Records that this tab has read or written. One of them that is missing was deleted by another tab. */
  readonly #known = new Set<string>()

  private constructor(db: IDBPDatabase<Schema>, id: string, key: CryptoKey) {
    this.#db = db
    this.#id = id
    this.#key = key
  }

  /** The history of an earlier visit; `undefined` where there is none. Makes no database. */
  static async find(): Promise<HistoryStore | undefined> {
    if (!(await hasHistory())) return undefined
    const db = await open()
    const found = await db.get('key', 'current')
    if (found) return new HistoryStore(db, found.id, found.key)
    // A deletion that was broken off: the key went first.
    db.close()
    await deleteEmptied()
    return undefined
  }

  /** Begins a history, or opens the one that another tab has begun meanwhile. */
  static async create(): Promise<HistoryStore> {
    const db = await open()
    const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
    const own = { id: crypto.randomUUID(), key }
    const write = db.transaction('key', 'readwrite')
    const found = await write.store.get('current')
    if (!found) await write.store.put(own, 'current')
    await write.done
    const { id, key: current } = found ?? own
    return new HistoryStore(db, id, current)
  }

  /** Every record that can be decrypted, and how many cannot be. */
  async read(): Promise<{ readonly records: ReadonlyMap<string, unknown>; readonly broken: number }> {
    const records = new Map<string, unknown>()
    let broken = 0
    for (const { id, version, iv, data } of await this.#db.getAll('records')) {
      this.#known.add(id)
      try {
        const bytes = await crypto.subtle.decrypt(parameters(id, version, iv), this.#key, data)
        records.set(id, JSON.parse(new TextDecoder().decode(bytes)))
      } catch {
        broken += 1
      }
    }
    return { records, broken }
  }

  /**
   * Encrypts and stores a record under a new IV.
   *
   * @throws {HistoryDeleted} another tab has deleted the history: nothing is written
   * @throws {RecordDeleted} another tab has deleted this record: nothing is written, unless the caller asks again
   */
  async write(id: string, value: unknown): Promise<void> {
    // 96 random bits, RFC 5116 §3.2: a history stays far below the 2^32 records after which one key must not be used any more.
    const iv = crypto.getRandomValues(new Uint8Array(12))
    const bytes = new TextEncoder().encode(JSON.stringify(value))
    const data = await crypto.subtle.encrypt(parameters(id, VERSION, iv), this.#key, bytes)
    const write = this.#db.transaction(['key', 'records'], 'readwrite')
    const current = await write.objectStore('key').get('current')
    const isDeleted = this.#known.has(id) && (await write.objectStore('records').getKey(id)) === undefined
    if (current?.id === this.#id && !isDeleted) {
      await write.objectStore('records').put({ id, version: VERSION, iv, data })
      this.#known.add(id)
    }
    await write.done
    if (current?.id !== this.#id) throw new HistoryDeleted('Another tab has deleted the history.')
    if (!isDeleted) return
    this.#known.delete(id)
    throw new RecordDeleted('Another tab has deleted the conversation.')
  }

  async remove(id: string): Promise<void> {
    await this.#db.delete('records', id)
    this.#known.delete(id)
  }

  /**
   * Deletes the key, then everything, over a connection of its own: that of a tab may be closed. A deletion that ends after its first
   * step leaves records that this page cannot decrypt, and {@link HistoryStore.find} completes it.
   */
  static async erase(): Promise<void> {
    const db = await open()
    await db.delete('key', 'current')
    await db.clear('records')
    db.close()
    await deleteEmptied()
  }

  /**
   * The same history over a new connection, after the browser closed the first one.
   *
   * @throws {HistoryDeleted} another tab has deleted the history
   */
  async again(): Promise<HistoryStore> {
    const store = await HistoryStore.find()
    if (!store || store.#id !== this.#id) {
      store?.close()
      throw new HistoryDeleted('Another tab has deleted the history.')
    }
    for (const id of this.#known) store.#known.add(id)
    return store
  }

  close(): void {
    this.#db.close()
  }
}

/** A record decrypts under its own id and version alone: it cannot be put in the place of another one. */
function parameters(id: string, version: number, iv: Uint8Array<ArrayBuffer>): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(`${NAME}/${version}/${id}`) }
}

async function open(): Promise<IDBPDatabase<Schema>> {
  const opening = openDB<Schema>(NAME, 1, {
    upgrade(db) {
      db.createObjectStore('key')
      db.createObjectStore('records', { keyPath: 'id' })
    },
    // Another tab deletes the database: this one must not hold it open.
    blocking: (_from, _to, event) => (event.target as IDBDatabase).close(),
  })
  return inTime(opening)
}

/** Deletes the database after its key. Where another tab keeps it open for longer, the browser deletes it once that tab lets go of it. */
async function deleteEmptied(): Promise<void> {
  await inTime(deleteDB(NAME)).catch(() => {})
}

async function inTime<Result>(work: Promise<Result>): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The storage of this browser did not answer within 5 s.')), OPEN_MS)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
