import { Refusal } from '../refusal.ts'

/** Names that PROTOCOL.md §15 keeps for later: demanding one is refused, never ignored. */
export function unsupported(name: string): never {
  throw new Refusal('policy.unsupported', name)
}
