import { DEFAULTS, parseSettings, type Settings } from '../settings/settings.ts'
import { loadPart, once } from '../ui/load-part.ts'
import { newEntry, storedOf, titleOf, type Entry } from './entry.ts'
import { hasHistory } from './find.ts'
import { readConversation, type StoredConversation } from './read.ts'
import type { HistoryStore } from './store.ts'

const loadStore = once(async () => loadPart(async () => import('./store.ts')))

export interface LibraryState {
  /** Newest first; the current one is among them once something was asked in it. */
  readonly entries: readonly Entry[]
  readonly current: Entry
  readonly settings: Settings
  /** Whether conversations are stored on this device. */
  readonly history: 'off' | 'on'
  /** The conversation that was deleted last, and can be brought back. */
  readonly removed: Entry | undefined
  /** What the person must know of the storage. */
  readonly notice: string | undefined
}

/** The record of the settings; conversations have random identities. */
const SETTINGS = 'settings'
/** Between a change and its storage, in ms: an answer changes with every word. */
const SAVE_MS = 800

/**
 * All conversations of this page, and the settings.
 *
 * They are in memory and gone with the page, unless the person turns the history on ({@link Library.keep}). Free of React.
 */
export class Library {
  #state: LibraryState
  #store: HistoryStore | undefined
  #listeners = new Set<() => void>()
  #unwatch: () => void
  #unsaved = new Set<string>()
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Work on the storage, one after the other: what is deleted must not be written by what began before. */
  #work: Promise<unknown> = Promise.resolve()

  constructor() {
    const current = newEntry()
    this.#state = { entries: [], current, settings: DEFAULTS, history: 'off', removed: undefined, notice: undefined }
    this.#unwatch = this.#watch(current)
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly state = (): LibraryState => this.#state

  /** Opens the history of an earlier visit, if there is one. Never rejects. */
  async start(): Promise<void> {
    if (this.#store || !(await hasHistory())) return
    await this.#do(async () => {
      const { HistoryStore: Store } = await loadStore()
      await this.#open(await Store.find())
    })
  }

  /** Turns the history on: everything that is in memory is stored, and what follows. Never rejects. */
  async keep(): Promise<void> {
    await this.#do(async () => {
      if (this.#store) return
      const { HistoryStore: Store } = await loadStore()
      await this.#open(await Store.create())
      this.#save(SETTINGS, ...this.#state.entries.map(({ id }) => id))
    })
  }

  /**
   * Deletes the history, the key first, and then shows it as off: where the deletion fails, the history stays on and a notice tells of it.
   * What is in memory stays until the page is closed.
   */
  async erase(): Promise<void> {
    await this.#do(async () => {
      const { HistoryStore: Store } = await loadStore()
      try {
        await Store.erase()
      } catch {
        this.#set({
          notice:
            'The history was not deleted. Try again, or delete the data of this page in the settings of the browser.',
        })
        return
      }
      this.#turnOff()
      this.#set({ removed: undefined, notice: undefined })
    })
  }

  /** A new conversation, unless the current one is still empty. */
  begin(): void {
    if (this.#state.current.conversation.turns().length > 0) this.#show(newEntry())
  }

  open(id: string): void {
    const entry = this.#state.entries.find((each) => each.id === id)
    if (entry && entry !== this.#state.current) this.#show(entry)
  }

  /** Deletes a conversation, from the storage at once. {@link Library.undo} brings it back while the page is open. */
  remove(id: string): void {
    const removed = this.#state.entries.find((each) => each.id === id)
    if (!removed) return
    this.#drop(removed)
    void this.#do(async () => this.#store?.remove(id))
  }

  undo(): void {
    const { removed, entries } = this.#state
    if (!removed) return
    this.#set({ entries: sorted([...entries, removed]), removed: undefined })
    this.#show(removed)
    this.#save(removed.id)
  }

  /** Takes away the offer to bring the last one back, or a notice. */
  dismiss(): void {
    this.#set({ removed: undefined, notice: undefined })
  }

  /** Shows a sentence about the storage. */
  tell(notice: string): void {
    this.#set({ notice })
  }

  change(settings: Settings): void {
    this.#set({ settings })
    this.#save(SETTINGS)
  }

  /** Adds conversations of a file. */
  add(conversations: readonly StoredConversation[]): void {
    const added = conversations.map((each) => newEntry(each))
    this.#set({ entries: sorted([...this.#state.entries, ...added]) })
    this.#save(...added.map(({ id }) => id))
  }

  /** Completes once everything so far is stored, or is known not to be. */
  async settled(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#do(async () => this.#write())
  }

  async #open(store: HistoryStore | undefined): Promise<void> {
    if (!store) return
    const { records, broken } = await store.read()
    this.#store = store
    let unreadable = broken
    const found: Entry[] = []
    for (const [id, value] of records) {
      if (id === SETTINGS) continue
      try {
        found.push(newEntry(readConversation(value, id), id))
      } catch {
        unreadable += 1
      }
    }
    const known = new Set(this.#state.entries.map(({ id }) => id))
    this.#set({
      entries: sorted([...this.#state.entries, ...found.filter(({ id }) => !known.has(id))]),
      history: 'on',
      ...(records.has(SETTINGS) && { settings: parseSettings(records.get(SETTINGS)) }),
      notice:
        unreadable === 0
          ? undefined
          : `${unreadable} stored ${unreadable === 1 ? 'conversation is' : 'conversations are'} damaged and cannot be shown.`,
    })
  }

  /** Takes a conversation out of the list, from where {@link Library.undo} brings it back. */
  #drop(removed: Entry): void {
    removed.conversation.stop()
    this.#set({ entries: this.#state.entries.filter(({ id }) => id !== removed.id), removed })
    if (removed.id === this.#state.current.id) this.#show(newEntry())
  }

  #turnOff(): void {
    this.#store?.close()
    this.#store = undefined
    this.#unsaved.clear()
    this.#set({ history: 'off' })
  }

  #show(current: Entry): void {
    this.#state.current.conversation.stop()
    this.#unwatch()
    this.#unwatch = this.#watch(current)
    this.#set({ current })
  }

  #watch({ id, conversation }: Entry): () => void {
    return conversation.subscribe(() => {
      const { entries, current } = this.#state
      const known = entries.find((each) => each.id === id)
      // A conversation that was deleted is not brought back by the end of its answer.
      if (!known && current.id !== id) return
      if (conversation.turns().length > 0 && (!known || !conversation.busy)) {
        const entry = { id, conversation, title: titleOf(conversation), updatedAtMs: Date.now() }
        this.#set({ entries: sorted([...entries.filter((each) => each.id !== id), entry]), current: entry })
      }
      this.#save(id)
    })
  }

  #save(...ids: string[]): void {
    if (!this.#store) return
    for (const id of ids) this.#unsaved.add(id)
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      void this.#do(async () => this.#write())
    }, SAVE_MS)
  }

  /** Writes all that is unsaved. What fails stays unsaved, and keeps nothing else from being written. */
  async #write(): Promise<void> {
    const ids = [...this.#unsaved]
    const failures: unknown[] = []
    for (const id of ids) {
      // Before the write: a change that comes during it is written by the next one.
      this.#unsaved.delete(id)
      try {
        await this.#writeRecord(id)
      } catch (error) {
        this.#unsaved.add(id)
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  async #writeRecord(id: string): Promise<void> {
    const entry = this.#state.entries.find((each) => each.id === id)
    try {
      if (id === SETTINGS) await this.#store?.write(id, this.#state.settings)
      else if (entry) await this.#store?.write(id, storedOf(entry))
    } catch (error) {
      if (!entry || nameOf(error) !== 'RecordDeleted') throw error
      this.#drop(entry)
      this.#set({ notice: 'Another tab deleted this conversation. “Undo” stores it again.' })
    }
  }

  /** Does one thing after the other. A failure becomes a notice. */
  async #do(work: () => Promise<unknown>): Promise<void> {
    const done = this.#work
      .then(work)
      .catch(async (error: unknown) => {
        await this.#reopen(error)
        await work()
      })
      .catch((error: unknown) => this.#failed(error))
    this.#work = done
    await done
  }

  /** Opens the history again where the browser closed the connection to it. Throws every other error again. */
  async #reopen(error: unknown): Promise<void> {
    if (!this.#store || nameOf(error) !== 'InvalidStateError') throw error
    this.#store = await this.#store.again()
  }

  #failed(error: unknown): void {
    const name = nameOf(error)
    if (error instanceof Error && 'code' in error && error.code === 'page.part') {
      this.#set({ notice: `${error.message} The history is as it was before. Check the network, or reload the page.` })
      return
    }
    const isGone = name === 'HistoryDeleted'
    if (isGone) this.#turnOff()
    const notice = isGone
      ? 'Another tab deleted the history. From here on, this tab stores nothing; what you see is in memory only.'
      : name === 'QuotaExceededError'
        ? 'The storage of this browser is full. The last change is in memory only: delete conversations, or export them.'
        : 'The storage of this browser failed. The last change is in memory only: export the conversations before you close the page.'
    this.#set({ notice })
  }

  #set(change: Partial<LibraryState>): void {
    this.#state = { ...this.#state, ...change }
    for (const listener of this.#listeners) listener()
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

function sorted(entries: readonly Entry[]): readonly Entry[] {
  return entries.toSorted((one, other) => other.updatedAtMs - one.updatedAtMs)
}
