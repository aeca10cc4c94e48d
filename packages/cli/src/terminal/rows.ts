import { printable, type Style } from './style.js'

/** Names in one column, what they stand for in the next. */
export function facts(rows: readonly (readonly [name: string, value: string | undefined])[], style: Style): string {
  const shown = rows.filter((row): row is readonly [string, string] => row[1] !== undefined)
  const width = Math.max(0, ...shown.map(([name]) => name.length))
  return shown.map(([name, value]) => `  ${style.dim(name.padEnd(width))}  ${printable(value)}\n`).join('')
}

/** A heading and what stands below it; nothing where there is nothing. */
export function section(title: string, body: string, style: Style): string {
  return body === '' ? '' : `\n${style.bold(title)}\n${body}`
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
