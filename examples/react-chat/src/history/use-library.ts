import { useEffect, useState, useSyncExternalStore } from 'react'
import type { Turn } from '../conversation/turns.ts'
import { Library, type LibraryState } from './library.ts'

export interface LibraryInUse extends LibraryState {
  readonly library: Library
  /** Of the current conversation. */
  readonly turns: readonly Turn[]
}

/** The conversations of this page, for as long as the component lives. */
export function useLibrary(): LibraryInUse {
  const [library] = useState(() => new Library())
  const state = useSyncExternalStore(library.subscribe, library.state)
  const { conversation } = state.current
  const turns = useSyncExternalStore(conversation.subscribe, conversation.turns)
  useEffect(() => {
    void library.start()
    return () => library.state().current.conversation.stop()
  }, [library])
  return { library, turns, ...state }
}
