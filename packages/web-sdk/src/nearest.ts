/** Edits that a slip of the fingers makes: one in a short name, a third of a long one. */
const mostEdits = (length: number): number => Math.max(1, Math.floor(length / 3))

/** Letters of words that tell what was meant: `data` alone tells nothing. */
const shortestWords = 5

/** Longer ones are no slip, and would cost time. */
const longest = 64

/**
 * The name that was probably meant, for "did you mean": the one with the fewest edits, of those that a slip leads to or that have all words
 * of the other, whatever the case of letters and the dashes. `undefined` where none is near.
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
    const cost = edits(meant, plain(name))
    const isNear = cost <= mostEdits(meant.length) || hasWords(name, word) || hasWords(word, name)
    if (isNear && cost < (best?.cost ?? Infinity)) best = { name, cost }
  }
  return best?.name
}

/** The end of a message, or nothing where no name is near. */
export function didYouMean(word: string, names: Iterable<string>, written: (name: string) => string = String): string {
  const name = nearest(word, names)
  return name === undefined ? '' : `. Did you mean ${written(name)}?`
}

/** Whether a name has every word of another one, such as `allowSimulated` of `dangerously-allow-simulated`. */
function hasWords(name: string, other: string): boolean {
  const [has, needed] = [wordsOf(name), wordsOf(other)]
  return needed.join('').length > shortestWords && needed.every((word) => has.includes(word))
}

function wordsOf(name: string): readonly string[] {
  const apart = name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
  return apart.split(/[^a-z0-9]+/).filter((word) => word !== '')
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
