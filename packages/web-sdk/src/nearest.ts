/** Edits that a slip of the fingers makes: one in a short name, a third of a long one. */
const mostEdits = (length: number): number => Math.max(1, Math.floor(length / 3))

/** Longer ones are no slip, and would cost time. */
const longest = 64

/**
 * The name that was probably meant, for "did you mean": the one with the fewest edits, or one that has the word within it, whatever its
 * letters' case and its dashes. `undefined` where none is near.
 *
 * @example
 * ```ts
 * nearest('polcy', ['url', 'policy']) // 'policy'
 * nearest('allow-simulated', ['dangerouslyAllowSimulated']) // 'dangerouslyAllowSimulated'
 * ```
 */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  const meant = plain(word)
  if (meant === '' || word.length > longest) return undefined
  let best: { readonly name: string; readonly cost: number } | undefined
  for (const name of names) {
    const known = plain(name)
    const isWithin = Math.min(meant.length, known.length) > 3 && (known.includes(meant) || meant.includes(known))
    const cost = isWithin ? 1 : edits(meant, known)
    if ((isWithin || cost <= mostEdits(meant.length)) && cost < (best?.cost ?? Infinity)) best = { name, cost }
  }
  return best?.name
}

/** The end of a message, or nothing where no name is near. */
export function didYouMean(word: string, names: Iterable<string>, written: (name: string) => string = String): string {
  const name = nearest(word, names)
  return name === undefined ? '' : `. Did you mean ${written(name)}?`
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other (optimal string alignment). */
function edits(one: string, other: string): number {
  let [before, row]: [number[], number[]] = [[], Array.from({ length: other.length + 1 }, (_, at) => at)]
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next[j] = Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1)
      const isSwap = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      if (isSwap) next[j] = Math.min(next[j] ?? 0, (before[j - 2] ?? 0) + 1)
    }
    ;[before, row] = [row, next]
  }
  return row[other.length] ?? 0
}
