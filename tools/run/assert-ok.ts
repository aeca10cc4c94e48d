import type { Outcome } from './command.ts'

/** @throws {Error} with what a tool printed, where it failed */
export function assertOk(what: string, outcome: Outcome): void {
  if (!outcome.ok) throw new Error(`${outcome.output.trimEnd()}\n${what}: ${outcome.reason}`)
}
