import 'fake-indexeddb/auto'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { hasHistory, NAME } from '../../src/history/find.ts'
import { HistoryStore } from '../../src/history/store.ts'

interface Row {
  readonly id: string
  readonly version: number
  iv: Uint8Array<ArrayBuffer>
  data: ArrayBuffer
}

let stores: HistoryStore[] = []
const created = async (): Promise<HistoryStore> => {
  const store = await HistoryStore.create()
  stores.push(store)
  return store
}
const found = async (): Promise<HistoryStore> => {
  const store = await HistoryStore.find()
  if (!store) throw new Error('there is no history')
  stores.push(store)
  return store
}

async function asked<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error))
  })
}

/** The database as somebody with the disk, or another program, sees it. */
async function raw<Result>(work: (db: IDBDatabase) => Promise<Result>): Promise<Result> {
  const db = await asked(indexedDB.open(NAME))
  try {
    return await work(db)
  } finally {
    db.close()
  }
}
const rows = async (): Promise<Row[]> =>
  raw(async (db) => asked(db.transaction('records').objectStore('records').getAll() as IDBRequest<Row[]>))
const put = async (row: Row): Promise<unknown> =>
  raw(async (db) => asked(db.transaction('records', 'readwrite').objectStore('records').put(row)))

afterEach(async () => {
  for (const store of stores) store.close()
  stores = []
  await asked(indexedDB.deleteDatabase(NAME))
})

describe('the history on the disk', () => {
  it('is found again, and holds nothing that can be read without its key', async () => {
    expect(await HistoryStore.find()).toBeUndefined()
    expect(await hasHistory(), 'looking makes no database').toBe(false)
    const store = await created()
    await store.write('a', { question: 'marmalade' })
    const again = await found()
    expect(await again.read()).toEqual({ records: new Map([['a', { question: 'marmalade' }]]), broken: 0 })
    const [row] = await rows()
    expect(Object.keys(row ?? {}).toSorted()).toEqual(['data', 'id', 'iv', 'version'])
    expect(Buffer.from(row?.data ?? new ArrayBuffer()).toString('latin1')).not.toContain('marmalade')
  })

  it('has a key that no script exports', async () => {
    await created()
    const { key } = await raw(async (db) => asked(db.transaction('key').objectStore('key').get('current')))
    expect(key).toMatchObject({ extractable: false, algorithm: { name: 'AES-GCM', length: 256 } })
    for (const format of ['raw', 'jwk'] as const) await expect(crypto.subtle.exportKey(format, key)).rejects.toThrow()
  })

  it('has a new IV for each record and each time it is written', async () => {
    const store = await created()
    const seen = new Set<string>()
    for (let time = 0; time < 20; time += 1) {
      await store.write('a', 1)
      await store.write('b', 1)
      for (const { iv } of await rows()) {
        expect(iv).toHaveLength(12)
        seen.add(Buffer.from(iv).toString('hex'))
      }
    }
    expect(seen.size).toBe(40)
  })

  it('refuses a record that was altered, given another name or another version', async () => {
    const store = await created()
    await store.write('a', 'one')
    const [row] = await rows()
    if (!row) throw new Error('nothing was written')
    const data = new Uint8Array(row.data.slice(0))
    data[3] = (data[3] ?? 0) ^ 1
    for (const altered of [
      { ...row, data: data.buffer },
      { ...row, id: 'b' },
      { ...row, version: 2 },
    ]) {
      await put(altered)
      const { records, broken } = await store.read()
      expect(records.has(altered.id) && altered.id !== 'a').toBe(false)
      expect(broken).toBe(1)
      await put(row)
      await store.remove('b')
    }
  })

  it('cannot be read once its key is deleted, even where the records are still there', async () => {
    const store = await created()
    await store.write('a', 'one')
    const [row] = await rows()
    await raw(async (db) => asked(db.transaction('key', 'readwrite').objectStore('key').delete('current')))
    store.close()
    expect(await HistoryStore.find(), 'a deletion that was broken off is finished').toBeUndefined()
    expect(await hasHistory()).toBe(false)
    const other = await created()
    if (row) await put(row)
    expect(await other.read()).toEqual({ records: new Map(), broken: 1 })
  })

  it('is gone after its deletion, and the key goes first', async () => {
    const store = await created()
    await store.write('a', 'one')
    const order: string[] = []
    const { delete: remove, clear } = IDBObjectStore.prototype
    IDBObjectStore.prototype.delete = function (...args) {
      order.push(`delete ${this.name}`)
      return remove.apply(this, args)
    }
    IDBObjectStore.prototype.clear = function () {
      order.push(`clear ${this.name}`)
      return clear.apply(this)
    }
    await HistoryStore.erase()
    Object.assign(IDBObjectStore.prototype, { delete: remove, clear })
    expect(order).toEqual(['delete key', 'clear records'])
    expect(await hasHistory()).toBe(false)
  })
})

describe('two tabs', () => {
  it('have one key', async () => {
    const [one, other] = await Promise.all([created(), created()])
    await one.write('a', 1)
    expect(await other.read()).toMatchObject({ broken: 0 })
  })

  it('do not bring back what the other one deleted', async () => {
    const one = await created()
    await one.write('a', 1)
    const other = await found()
    await other.read()
    await other.remove('a')
    await expect(one.write('a', 2)).rejects.toMatchObject({ name: 'RecordDeleted' })
    expect(await rows()).toEqual([])
    await one.write('a', 3)
    expect(await rows(), 'a caller that asks again stores it').toHaveLength(1)
  })

  it('know what the other one deleted also over a new connection', async () => {
    const one = await created()
    await one.write('a', 1)
    one.close()
    const again = await one.again()
    stores.push(again)
    await (await found()).remove('a')
    await expect(again.write('a', 2)).rejects.toMatchObject({ name: 'RecordDeleted' })
    await HistoryStore.erase()
    await created()
    await expect(one.again(), 'a history that was begun anew is another one').rejects.toMatchObject({
      name: 'HistoryDeleted',
    })
  })

  it('do not wait for a tab that never lets go of the deleted history', async () => {
    const store = await created()
    await store.write('a', 1)
    const held = await asked(indexedDB.open(NAME))
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const erased = vi.fn<() => void>()
    void HistoryStore.erase().then(erased)
    for (let step = 0; step < 200 && erased.mock.calls.length === 0; step += 1) {
      await new Promise(setImmediate)
      vi.advanceTimersByTime(100)
    }
    expect(erased).toHaveBeenCalledOnce()
    for (const name of ['key', 'records']) expect(await asked(held.transaction(name).objectStore(name).count())).toBe(0)
    held.close()
  })

  it('write nothing with a key that was deleted', async () => {
    const one = await created()
    await raw(async (db) => asked(db.transaction('key', 'readwrite').objectStore('key').delete('current')))
    await expect(one.write('a', 1)).rejects.toMatchObject({ name: 'HistoryDeleted' })
    expect(await rows()).toEqual([])
  })
})
