import { open, stat } from 'node:fs/promises'
import { sha256File } from './cache.ts'
import type { Content } from './contents.ts'

/** One file of each of two builds. */
export interface Pair {
  readonly name: string
  readonly one: string
  readonly other: string
}

/** What differs between two files, in lines: nothing for files with the same bytes. */
export async function differenceOf({ name, one, other }: Pair): Promise<string[]> {
  const [first, second] = [await sha256File(one), await sha256File(other)]
  if (first === second) return []
  const sizes = [(await stat(one)).size, (await stat(other)).size] as const
  const { offset, count } = await differingBytes(one, other)
  const where =
    offset === undefined ? 'the longer one begins with the shorter one' : `${count} bytes, the first at ${offset}`
  const counts = sizes[0] === sizes[1] ? `${sizes[0]} bytes each` : `${sizes[0]} and ${sizes[1]} bytes`
  return [`${name}: ${first} and ${second}, ${counts}; different: ${where}`]
}

const key = ({ part, path }: Content): string => `${part}: ${path}`

/** What differs between two lists of contents, in lines. */
export function differencesOf(one: readonly Content[], other: readonly Content[]): string[] {
  const [first, second] = [one, other].map((list) => new Map(list.map((content) => [key(content), content])))
  const keys = [...new Set([...one, ...other].map(key))]
  return keys.flatMap((each) => {
    const [a, b] = [first?.get(each), second?.get(each)]
    if (a === undefined || b === undefined)
      return [`${each}: only in the ${a === undefined ? 'second' : 'first'} build`]
    const members = (['sha256', 'size', 'mode', 'package'] as const).filter((member) => a[member] !== b[member])
    return members.map((member) => `${each}: ${member} ${a[member]} and ${b[member]}`)
  })
}

async function differingBytes(one: string, other: string): Promise<{ offset: number | undefined; count: number }> {
  const size = 1 << 20
  const [a, b] = [await open(one), await open(other)]
  try {
    const [left, right] = [Buffer.alloc(size), Buffer.alloc(size)]
    let offset: number | undefined
    let count = 0
    for (let at = 0; ; at += size) {
      const [x, y] = [await a.read(left, 0, size, at), await b.read(right, 0, size, at)]
      const common = Math.min(x.bytesRead, y.bytesRead)
      if (!left.subarray(0, common).equals(right.subarray(0, common)))
        for (let index = 0; index < common; index++)
          if (left[index] !== right[index]) {
            offset ??= at + index
            count++
          }
      if (common < size) return { offset, count }
    }
  } finally {
    await a.close()
    await b.close()
  }
}
