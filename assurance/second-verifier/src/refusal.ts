/** Why evidence is refused: a code of PROTOCOL.md §13, and a sentence for a person. */
export class Refusal extends Error {
  readonly code: string
  /** What is to be kept all the same, PROTOCOL.md §20; hex. */
  nextState: string | undefined

  constructor(code: string, detail: string) {
    super(detail)
    this.name = 'Refusal'
    this.code = code
  }
}

/** Refuses with `code` unless `condition` holds. */
export function demand(condition: boolean, code: string, detail: string): asserts condition {
  if (!condition) throw new Refusal(code, detail)
}

/** What `check` ends in: `ok`, or the code of its refusal. A defect of the verifier itself is thrown on. */
export async function codeOf(check: () => unknown): Promise<string> {
  try {
    await check()
    return 'ok'
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
}
