import type { Style } from './style.js'
import { padded, type Shown, shown, widthOf } from './text.js'

/** A name and what it stands for; left out where that is `undefined`. */
export type Row = readonly [name: string, value: string | Shown | undefined]

/** Names in one column, what they stand for in the next. */
export function facts(rows: readonly Row[], style: Style): readonly Shown[] {
  const there = rows.filter((row): row is readonly [string, string | Shown] => row[1] !== undefined)
  const width = Math.max(0, ...there.map(([name]) => widthOf(name)))
  return there.map(([name, value]) => shown`  ${style.dim(padded(name, width))}  ${value}\n`)
}

/** A heading and what stands below it; nothing where there is nothing. */
export function section(title: string, body: readonly Shown[], style: Style): Shown {
  return body.length === 0 ? shown`` : shown`\n${style.bold(title)}\n${body}`
}

/** One sentence a line. */
export function sentences(all: readonly string[]): readonly Shown[] {
  return all.map((sentence) => shown`  ${sentence}\n`)
}

/** Bytes in the unit that a person reads. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}

/** An instant, in UTC. */
export function instant(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`
}
