/** Quartiles of a sample. */
export interface Quartiles {
  q1: number
  median: number
  q3: number
}

export function quartiles(sample: readonly number[]): Quartiles {
  const sorted = [...sample].sort((one, other) => one - other)
  const at = (share: number): number => {
    const position = share * (sorted.length - 1)
    const below = sorted[Math.floor(position)] ?? Number.NaN
    const above = sorted[Math.ceil(position)] ?? Number.NaN
    return below + (above - below) * (position - Math.floor(position))
  }
  return { q1: at(0.25), median: at(0.5), q3: at(0.75) }
}

/** Two ways to do the same, each timed in milliseconds, and how they compare pair by pair. */
export interface Comparison {
  ours: Quartiles
  bare: Quartiles
  /** `bare / ours` of each pair, so that 1 is as fast: what the machine does meanwhile falls on both. */
  speed: Quartiles
}

export type Work = () => Promise<unknown>
/** Does what is not timed and gives back what is. */
export type Prepare = () => Promise<Work>

/** Milliseconds of one run of what `prepare` gives; `repeat` are timed together, because browsers round their clocks. */
async function milliseconds(prepare: Prepare, repeat: number): Promise<number> {
  const works: Work[] = []
  for (let count = 0; count < repeat; count += 1) works.push(await prepare())
  const start = performance.now()
  for (const work of works) await work()
  return (performance.now() - start) / repeat
}

/** Times two ways in interleaved pairs, whose order alternates. */
export async function compare(ours: Prepare, bare: Prepare, pairs: number, repeat: number): Promise<Comparison> {
  for (let warmUp = 0; warmUp < 3; warmUp += 1) {
    await milliseconds(ours, repeat)
    await milliseconds(bare, repeat)
  }
  const times: { ours: number; bare: number }[] = []
  for (let pair = 0; pair < pairs; pair += 1) {
    const first = pair % 2 === 0 ? ours : bare
    const one = await milliseconds(first, repeat)
    const other = await milliseconds(first === ours ? bare : ours, repeat)
    times.push(first === ours ? { ours: one, bare: other } : { ours: other, bare: one })
  }
  return {
    ours: quartiles(times.map((time) => time.ours)),
    bare: quartiles(times.map((time) => time.bare)),
    speed: quartiles(times.map((time) => time.bare / time.ours)),
  }
}

/** A way that has nothing to prepare. */
export function ready(work: Work): Prepare {
  return async () => work
}
