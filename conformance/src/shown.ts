const maxCharacters = 1024

/** A text that others wrote as a verdict shows it, PROTOCOL.md §9. */
export function shown(text: string): string {
  let out = ''
  for (const character of text) {
    if (out.length >= maxCharacters) return `${out}...`
    const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
    const escaped = units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
    out += /^[ -~]$/.test(character) ? character : escaped
  }
  return out
}
