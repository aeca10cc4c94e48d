/** Colours as SGR parameters (ECMA-48 §8.3.117), or none of them. */
export interface Style {
  bold: (text: string) => string
  dim: (text: string) => string
  good: (text: string) => string
  warn: (text: string) => string
  bad: (text: string) => string
}

function sgr(on: number, off: number): (text: string) => string {
  return (text) => `\u001B[${on}m${text}\u001B[${off}m`
}

const colored: Style = { bold: sgr(1, 22), dim: sgr(2, 22), good: sgr(32, 39), warn: sgr(33, 39), bad: sgr(31, 39) }
const same = (text: string): string => text
const plain: Style = { bold: same, dim: same, good: same, warn: same, bad: same }

export function styleOf({ color }: { color: boolean }): Style {
  return color ? colored : plain
}

/** What a file or a service says must not move the cursor, or write over what stands above it. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u00B7')
}
