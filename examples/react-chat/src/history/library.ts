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

  /** Turns the history off and deletes all of it: the key first, then the records. What is in memory stays until the page is closed. */
  async erase(): Promise<void> {
    await this.#do(async () => {
      const store = this.#store
      this.#store = undefined
      this.#unsaved.clear()
      this.#set({ history: 'off', removed: undefined, notice: undefined })
      await store?.erase()
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
    removed.conversation.stop()
    this.#set({ entries: this.#state.entries.filter((each) => each !== removed), removed })
    if (removed.id === this.#state.current.id) this.#show(newEntry())
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

  async #write(): Promise<void> {
    const ids = [...this.#unsaved]
    this.#unsaved.clear()
    for (const id of ids) {
      const entry = this.#state.entries.find((each) => each.id === id)
      if (id === SETTINGS) await this.#store?.write(id, this.#state.settings)
      else if (entry) await this.#store?.write(id, storedOf(entry))
    }
  }

  /** Does one thing after the other. A failure becomes a notice. */
  async #do(work: () => Promise<unknown>): Promise<void> {
    const done = this.#work.then(work).catch((error: unknown) => this.#failed(error))
    this.#work = done
    await done
  }

  #failed(error: unknown): void {
    const name = error instanceof Error ? error.name : ''
    if (error instanceof Error && 'code' in error && error.code === 'page.part') {
      this.#set({ notice: `${error.message} The history is as it was before. Check the network, or reload the page.` })
      return
    }
    const isGone = name === 'HistoryDeleted' || name === 'InvalidStateError'
    if (isGone) {
      this.#store?.close()
      this.#store = undefined
      this.#set({ history: 'off' })
    }
    const notice = isGone
      ? 'Another tab deleted the history or this conversation. From here on, this tab stores nothing; what you see is in memory only.'
      : name === 'QuotaExceededError'
        ? 'The storage of this browser is full. The last change is in memory only: delete conversations, or export them.'
        : 'The storage of this browser failed. What you see is in memory only: export it before you close the page.'
    this.#set({ notice })
  }

  #set(change: Partial<LibraryState>): void {
    this.#state = { ...this.#state, ...change }
    for (const listener of this.#listeners) listener()
  }
}

function sorted(entries: readonly Entry[]): readonly Entry[] {
  return entries.toSorted((one, other) => other.updatedAtMs - one.updatedAtMs)
}
