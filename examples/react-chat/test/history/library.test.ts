import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { matches } from '../../src/history/entry.ts'
import { hasHistory } from '../../src/history/find.ts'
import { HistoryStore } from '../../src/history/store.ts'
import { Library } from '../../src/history/library.ts'
import { eventually } from '../eventually.ts'
import { ServedModel } from '../served-model.ts'

let library: Library
let model: ServedModel
beforeEach(() => {
  library = new Library()
  model = new ServedModel()
})
afterEach(async () => library.erase())

async function say(question: string, answer: string, of: Library = library): Promise<void> {
  const before = model.requests.length
  const ended = of.state().current.conversation.ask({ text: question }, model)
  await eventually(() => expect(model.requests).toHaveLength(before + 1))
  model.say(answer)
  model.finish()
  await ended
}
const titles = (of: Library = library): string[] => of.state().entries.map(({ title }) => title)
/** The page as it is after a reload. */
async function reloaded(): Promise<Library> {
  const next = new Library()
  await next.start()
  return next
}

describe('several conversations', () => {
  it('are in memory only, unless the person keeps them', async () => {
    await say('One?', 'one')
    await library.settled()
    expect(await hasHistory()).toBe(false)
    expect((await reloaded()).state()).toMatchObject({ entries: [], history: 'off' })
  })

  it('are listed by their first question, the latest first, and continued where they were', async () => {
    await say('One?', 'one')
    const [first] = library.state().entries
    library.begin()
    library.begin()
    await new Promise((resolve) => setTimeout(resolve, 3))
    await say(`Two ${'long '.repeat(40)}\nand lines`, 'two')
    expect(titles()).toEqual([expect.stringMatching(/^Two long .{0,80}…$/), 'One?'])
    library.open(first?.id ?? '')
    await say('And?', 'and')
    expect(
      model.requests
        .at(-1)
        ?.messages.map(({ content }) => content)
        .slice(1),
    ).toEqual(['One?', 'one', 'And?'])
    expect(titles()[0]).toBe('One?')
  })

  it('are found by every word that was said in them, also in branches that are not shown', async () => {
    await say('About llamas?', 'Camelids of the Andes.')
    const { conversation } = library.state().current
    const edited = conversation.edit(conversation.turns()[0]?.id ?? '', 'About alpacas?', model)
    await eventually(() => expect(model.requests).toHaveLength(2))
    model.finish()
    await edited
    const [entry] = library.state().entries
    if (!entry) throw new Error('there is no conversation')
    for (const query of ['', 'ALPACAS', 'andes camelids', 'llamas']) expect(matches(entry, query), query).toBe(true)
    expect(matches(entry, 'llamas zebra')).toBe(false)
  })

  it('end the answer under way when another one is shown', async () => {
    const ended = library.state().current.conversation.ask({ text: 'One?' }, model)
    await eventually(() => expect(model.requests).toHaveLength(1))
    library.begin()
    await ended
    expect(model.signals.at(-1)?.aborted).toBe(true)
    expect(library.state().current.conversation.turns()).toEqual([])
    expect(titles()).toEqual(['One?'])
  })
})

describe('a deleted conversation', () => {
  it('comes back as it was, while the page is open', async () => {
    await say('One?', 'one')
    const { id } = library.state().current
    library.remove(id)
    expect(titles()).toEqual([])
    expect(library.state().current.conversation.turns()).toEqual([])
    library.undo()
    expect(titles()).toEqual(['One?'])
    expect(library.state()).toMatchObject({ current: { id }, removed: undefined })
  })

  it('is gone from the storage at once, and back in it after an undo', async () => {
    await library.keep()
    await say('One?', 'one')
    await library.settled()
    library.remove(library.state().current.id)
    await library.settled()
    expect(titles(await reloaded())).toEqual([])
    library.undo()
    await library.settled()
    expect(titles(await reloaded())).toEqual(['One?'])
  })

  it('is not brought back by the end of its answer', async () => {
    await library.keep()
    const ended = library.state().current.conversation.ask({ text: 'One?' }, model)
    await eventually(() => expect(model.requests).toHaveLength(1))
    library.remove(library.state().current.id)
    await ended
    await library.settled()
    expect(titles()).toEqual([])
    expect(titles(await reloaded())).toEqual([])
  })
})

describe('the history', () => {
  it('survives a reload with what was said before it was turned on, and with the settings', async () => {
    await say('One?', 'one')
    await library.keep()
    library.change({ ...library.state().settings, temperature: 0.5, instructions: 'Be brief.' })
    await library.settled()
    const next = await reloaded()
    expect(next.state()).toMatchObject({
      history: 'on',
      settings: { temperature: 0.5, instructions: 'Be brief.' },
      notice: undefined,
    })
    next.open(next.state().entries[0]?.id ?? '')
    expect(next.state().current.conversation.turns()[0]).toMatchObject({
      question: 'One?',
      answers: [{ text: 'one', state: 'complete' }],
    })
    await say('And?', 'and', next)
    expect(model.requests.at(-1)?.messages).toHaveLength(4)
  })

  it('shows an answer whose page was closed as incomplete, with what had arrived', async () => {
    await library.keep()
    void library.state().current.conversation.ask({ text: 'One?' }, model)
    await eventually(() => expect(model.requests).toHaveLength(1))
    model.say('half')
    await eventually(() => expect(library.state().current.conversation.turns()[0]?.answers[0]?.text).toBe('half'))
    await library.settled()
    const next = await reloaded()
    expect(next.state().entries[0]?.conversation.turns()[0]?.answers).toMatchObject([
      { text: 'half', state: 'incomplete', failure: { code: 'page.closed' } },
    ])
  })

  it('is deleted with everything in it, and what is in memory stays', async () => {
    await library.keep()
    await say('One?', 'one')
    await library.settled()
    await library.erase()
    expect(await hasHistory()).toBe(false)
    expect(library.state()).toMatchObject({ history: 'off', notice: undefined })
    expect(titles()).toEqual(['One?'])
    await say('Two?', 'two')
    await library.settled()
    expect(await hasHistory(), 'nothing is written after that').toBe(false)
  })

  it('that another tab deleted is not begun again, and the person is told', async () => {
    await library.keep()
    const other = await reloaded()
    await other.erase()
    await say('One?', 'one')
    await library.settled()
    expect(library.state()).toMatchObject({ history: 'off', notice: expect.stringContaining('Another tab') })
    expect(await hasHistory()).toBe(false)
  })

  it('goes on without the one conversation that another tab deleted, and can be deleted after it', async () => {
    await library.keep()
    await say('One?', 'one')
    library.begin()
    await say('Two?', 'two')
    await library.settled()
    const other = await reloaded()
    other.remove(library.state().current.id)
    await other.settled()
    await say('And?', 'and')
    await library.settled()
    expect(titles()).toEqual(['One?'])
    expect(library.state()).toMatchObject({
      history: 'on',
      notice: expect.stringContaining('Another tab deleted this conversation'),
      removed: { title: 'Two?' },
    })
    expect(library.state().current.conversation.turns()).toEqual([])
    library.open(library.state().entries[0]?.id ?? '')
    await say('More?', 'more')
    await library.settled()
    expect((await reloaded()).state().entries.map(({ conversation }) => conversation.turns().length)).toEqual([2])
    library.undo()
    await library.settled()
    expect(titles(await reloaded())).toHaveLength(2)
    await library.erase()
    expect(library.state().history).toBe('off')
    expect(await hasHistory()).toBe(false)
    expect(titles(await reloaded())).toEqual([])
  })

  it('is opened again where the browser closed it, and is then still deleted', async () => {
    const opened = vi.spyOn(indexedDB, 'open')
    const closeAll = (): void => {
      for (const { value } of opened.mock.results) (value as IDBOpenDBRequest).result.close()
    }
    await library.keep()
    await say('One?', 'one')
    await library.settled()
    closeAll()
    await say('And?', 'and')
    await library.settled()
    expect(library.state()).toMatchObject({ history: 'on', notice: undefined })
    expect((await reloaded()).state().entries[0]?.conversation.turns()).toHaveLength(2)
    closeAll()
    library.remove(library.state().current.id)
    await library.settled()
    expect(titles(await reloaded())).toEqual([])
    closeAll()
    await library.erase()
    expect(await hasHistory()).toBe(false)
    opened.mockRestore()
  })

  it('stays on, and the person is told, where it cannot be deleted', async () => {
    await library.keep()
    const erase = vi.spyOn(HistoryStore, 'erase').mockRejectedValueOnce(new Error('no storage'))
    await library.erase()
    expect(library.state()).toMatchObject({ history: 'on', notice: expect.stringContaining('was not deleted') })
    erase.mockRestore()
    await say('One?', 'one')
    await library.settled()
    expect(titles(await reloaded()), 'it is written to').toEqual(['One?'])
  })

  it('writes the rest where one write fails, and what failed with the next change', async () => {
    const { write } = HistoryStore.prototype
    let isFull = true
    const spied = vi.spyOn(HistoryStore.prototype, 'write').mockImplementation(async function (
      this: HistoryStore,
      ...record
    ) {
      if (isFull && record[0] === 'settings') throw new DOMException('full', 'QuotaExceededError')
      await write.apply(this, record)
    })
    onTestFinished(() => void spied.mockRestore())
    await library.keep()
    library.change({ ...library.state().settings, temperature: 0.5 })
    await say('One?', 'one')
    await library.settled()
    expect(library.state().notice).toContain('is full')
    expect((await reloaded()).state()).toMatchObject({
      entries: [{ title: 'One?' }],
      settings: { temperature: undefined },
    })
    isFull = false
    await library.settled()
    expect((await reloaded()).state().settings.temperature).toBe(0.5)
  })

  it('names how many conversations are damaged, and shows the others', async () => {
    await library.keep()
    await say('One?', 'one')
    library.begin()
    await say('Two?', 'two')
    await library.settled()
    const db = await new Promise<IDBDatabase>((resolve) => {
      const opening = indexedDB.open('blindllama-chat')
      opening.addEventListener('success', () => resolve(opening.result))
    })
    const records = db.transaction('records', 'readwrite').objectStore('records')
    await new Promise<void>((resolve) => {
      const reading = records.get(library.state().current.id)
      reading.addEventListener('success', () => {
        records.put({ ...reading.result, iv: new Uint8Array(12) })
        records.transaction.addEventListener('complete', () => resolve())
      })
    })
    db.close()
    const next = await reloaded()
    expect(titles(next)).toEqual(['One?'])
    expect(next.state().notice).toBe('1 stored conversation is damaged and cannot be shown.')
  })
})
