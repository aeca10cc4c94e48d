/** A text from outside is shown up to this many characters (code points). No text of the protocol is longer than 255 bytes. */
export const longestShown = 1024

/**
 * What a terminal does not print as the character that it is: controls (ECMA-48), direction and other format characters, line
 * and paragraph separators, spaces other than U+0020, unassigned and private code points, lone surrogates, and what Unicode
 * calls default ignorable.
 */
const unprintable = String.raw`[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}`

/** Also what is printable alone and misleads in a row: a mark without a letter or above two others, a third space. */
const misleading = String.raw`^\p{M}|(?<=\p{M}{2})\p{M}|(?<= {2}) `

const escapedInText: RegExp = new RegExp(`${unprintable}|${misleading}`, 'gu')
const escapedInJson: RegExp = new RegExp(unprintable, 'gu')

/** The text with everything that a terminal would act on, hide or reorder written as `\u{…}`, and of bounded length. */
export function escaped(text: string): string {
  const characters = [...text]
  const beginning = characters.slice(0, longestShown).join('')
  const safe = beginning.replaceAll(
    escapedInText,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}}`,
  )
  const left = characters.length - longestShown
  return left > 0 ? `${safe}… (${left} more)` : safe
}

/**
 * What may reach the terminal. The command's own words are the literals of {@link shown}; everything else was escaped on its way
 * in. `Io` takes nothing else, so that no text of a file, a service or an argument is printed as it came.
 */
class Shown {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

// The class itself stays here: only the functions below make one.
export type { Shown }

type Value = string | number | Shown | readonly Shown[]

/** A template whose literals are printed as they are, and whose values are escaped unless they were before. */
export function shown(literals: TemplateStringsArray, ...values: readonly Value[]): Shown {
  return new Shown(literals.map((literal, index) => literal + printed(values[index] ?? '')).join(''))
}

function printed(value: Value): string {
  if (typeof value === 'string') return escaped(value)
  if (typeof value === 'number') return String(value)
  return value instanceof Shown ? value.toString() : value.map(String).join('')
}

/** The texts, each escaped, with a comma between. */
export function list(texts: readonly string[]): Shown {
  return new Shown(texts.map(escaped).join(', '))
}

/** The text, escaped, and spaces up to a width in characters: after it, or before it where it is aligned to the right. */
export function padded(text: string, width: number, align: 'left' | 'right' = 'left'): Shown {
  const spaces = ' '.repeat(Math.max(0, width - widthOf(text)))
  return new Shown(align === 'left' ? escaped(text) + spaces : spaces + escaped(text))
}

/** Characters that a text takes on the terminal. */
export function widthOf(text: string): number {
  return [...escaped(text)].length
}

/** One value on one line of JSON: whole, with `\uXXXX` for everything that a terminal would not print as it is. */
export function json(value: unknown): Shown {
  const text = JSON.stringify(value).replaceAll(escapedInJson, (character) =>
    Array.from(
      { length: character.length },
      (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
  return new Shown(`${text}\n`)
}
