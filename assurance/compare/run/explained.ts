/** A difference that is known, with its reason. One that no longer occurs has to leave the list. */
export interface Explanation {
  /** Names of the cases. */
  readonly matches: RegExp
  readonly why: string
}

export const explained: readonly Explanation[] = []
