const maxCharacters = 1024

/** A text that others wrote as a verdict shows it, unit by unit of UTF-16: PROTOCOL.md §9. */
export function shown(text: string): string {
  let out = ''
  for (let index = 0; index < text.length; index += 1) {
    if (out.length >= maxCharacters) return `${out}...`
    const unit = text.charCodeAt(index)
    const isPrintable = unit >= 0x20 && unit <= 0x7e
    out += isPrintable ? text.charAt(index) : `\\u${unit.toString(16).padStart(4, '0')}`
  }
  return out
}
