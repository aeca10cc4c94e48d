import { type Shown, shown } from './text.js'

type Paint = (text: string | Shown) => Shown

/** Colours as SGR parameters (ECMA-48 §8.3.117), or none of them. */
export interface Style {
  bold: Paint
  dim: Paint
  good: Paint
  warn: Paint
  bad: Paint
}

function sgr(on: number, off: number): Paint {
  return (text) => shown`\u001B[${on}m${text}\u001B[${off}m`
}

const colored: Style = { bold: sgr(1, 22), dim: sgr(2, 22), good: sgr(32, 39), warn: sgr(33, 39), bad: sgr(31, 39) }
const same: Paint = (text) => shown`${text}`
const plain: Style = { bold: same, dim: same, good: same, warn: same, bad: same }

export function styleOf({ color }: { color: boolean }): Style {
  return color ? colored : plain
}
