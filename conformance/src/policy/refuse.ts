import { Refusal } from '../refusal.ts'

/** Names that PROTOCOL.md §15 keeps for later: demanding one is refused, never ignored. */
export function unsupported(name: string): never {
  throw new Refusal('policy.unsupported', name)
}

/** Well-formed, but means nothing safe. */
export function invalid(why: string): never {
  throw new Refusal('policy.invalid', why)
}
