/** Something that takes time and shares a resource with others of its lane. */
export interface InLane {
  /** Work of one lane runs one after the other, in order; lanes run side by side. */
  readonly lane: string
}

/** Where something ran, in milliseconds since all began. */
export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** Runs everything, each lane in its order and all lanes side by side; the results stand in the order of `work`. */
export async function runLanes<Work extends InLane, Result>(
  work: readonly Work[],
  run: (work: Work) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const lanes = [...new Set(work.map(({ lane }) => lane))]
  await Promise.all(
    lanes.map(async (lane) => {
      for (const [index, item] of work.entries()) if (item.lane === lane) results[index] = await run(item)
    }),
  )
  return results
}

/** A bar of `width` characters that shows when something ran in a whole of `totalMs`. */
export function drawSpan({ fromMs, toMs }: Span, totalMs: number, width: number): string {
  const column = (ms: number): number => Math.min(width, Math.round((ms / Math.max(1, totalMs)) * width))
  const from = Math.min(column(fromMs), width - 1)
  const to = Math.max(from + 1, column(toMs))
  return `${' '.repeat(from)}${'█'.repeat(to - from)}${' '.repeat(width - to)}`
}
