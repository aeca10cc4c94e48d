import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from 'idb'
import { hasHistory, NAME } from './find.ts'

/** Version of the records, which their encryption covers. */
const VERSION = 1
/** Another tab that holds an older version open can keep a database from opening for ever. */
const OPEN_MS = 5000

interface Schema extends DBSchema {
  key: { key: 'current'; value: { readonly id: string; readonly key: CryptoKey } }
  records: { key: string; value: StoredRecord }
}

/** What is on the disk: `id` and the length of `data` can be read there, nothing else. */
interface StoredRecord {
  readonly id: string
  readonly version: number
  readonly iv: Uint8Array<ArrayBuffer>
  /** AES-256-GCM over JSON. */
  readonly data: ArrayBuffer
}

/** Why the history of another tab's making cannot be written any more. */
export class HistoryDeleted extends Error {
  override readonly name = 'HistoryDeleted'
}

/**
 * Records in IndexedDB, encrypted with an AES-GCM key that the browser does not export (`extractable: false`).
 *
 * The key is in the same database, as an opaque object: the protection is against a copy of the disk that is read without the profile
 * of the browser, and makes deletion certain: without the key, remains on a disk are noise. It is none against software that runs as the
 * person, or against a script of this page.
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
    await deleteDB(NAME)
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
   * @throws {HistoryDeleted} another tab has deleted the history, or this record: nothing is written
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
    if (isDeleted) throw new HistoryDeleted('Another tab has deleted the conversation.')
  }

  async remove(id: string): Promise<void> {
    await this.#db.delete('records', id)
    this.#known.delete(id)
  }

  /** Deletes the key, then everything. Once the first step is done, what is left is noise, whatever becomes of the rest. */
  async erase(): Promise<void> {
    await this.#db.delete('key', 'current')
    await this.#db.clear('records')
    this.#db.close()
    await deleteDB(NAME)
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
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The storage of this browser did not answer within 5 s.')), OPEN_MS)
  })
  try {
    return await Promise.race([opening, late])
  } finally {
    clearTimeout(timer)
  }
}
