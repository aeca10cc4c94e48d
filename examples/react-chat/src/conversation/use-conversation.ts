import { useEffect, useState, useSyncExternalStore } from 'react'
import { Conversation, type Turn } from './conversation.ts'

export function useConversation(): { readonly conversation: Conversation; readonly turns: readonly Turn[] } {
  const [conversation] = useState(() => new Conversation())
  const turns = useSyncExternalStore(conversation.subscribe, conversation.turns)
  useEffect(() => () => conversation.stop(), [conversation])
  return { conversation, turns }
}
