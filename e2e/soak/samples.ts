import { readdirSync, readFileSync } from 'node:fs'

/** What a process holds at one moment. */
export interface Sample {
  /** Since the load began, in ms. */
  readonly atMs: number
  /** Resident memory, in KiB. */
  readonly memoryKiB: number
  /** Open file descriptors. */
  readonly files: number
  readonly threads: number
}

/** Most that the resident memory may grow between the begin and the end of a soak, in KiB: whichever of both is more. */
const growthKiB = 8192
const growthShare = 0.1
/** Open files that may be left when the load has ended: those of a proxy's kept connections have ended by then. */
const filesLeft = 4

/** Three of each third behind the warm-up. */
export const fewestSamples = 12

/** What a soak found. */
export interface Growth {
  /** Medians of the first and the last third behind the warm-up, in KiB. */
  readonly memoryKiB: readonly [begin: number, end: number]
  readonly memoryLimitKiB: number
  readonly mostMemoryKiB: number
  /** Before the load, at its height, and after it. */
  readonly files: readonly [before: number, most: number, after: number]
  readonly filesLimit: number
  readonly threads: readonly [begin: number, end: number]
  readonly faults: readonly string[]
}

export function sampleOf(pid: number, atMs: number): Sample {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const number = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
  return { atMs, memoryKiB: number('VmRSS'), files: readdirSync(`/proc/${pid}/fd`).length, threads: number('Threads') }
}

/**
 * Judges samples of one process. The first quarter is its warm-up: caches, keys of the first epochs and the allocator's pools fill then.
 *
 * @param samples under load, in order; at least {@link fewestSamples}
 */
export function judge(before: Sample, samples: readonly Sample[], after: Sample): Growth {
  if (samples.length < fewestSamples)
    throw new RangeError(`a soak needs ${fewestSamples} samples at least, and has ${samples.length}`)
  const steady = samples.slice(Math.ceil(samples.length / 4))
  const third = Math.floor(steady.length / 3)
  const [first, last] = [steady.slice(0, third), steady.slice(-third)]
  const begin = median(first.map(({ memoryKiB }) => memoryKiB))
  const end = median(last.map(({ memoryKiB }) => memoryKiB))
  const memoryLimitKiB = Math.round(begin + Math.max(growthKiB, begin * growthShare))
  const filesLimit = before.files + filesLeft
  const faults: string[] = []
  if (!(end <= memoryLimitKiB))
    faults.push(`memory grew from ${begin} to ${end} KiB; at most ${memoryLimitKiB} are allowed`)
  if (!(after.files <= filesLimit))
    faults.push(`${after.files} files are open after the load; at most ${filesLimit} may be`)
  return {
    memoryKiB: [begin, end],
    memoryLimitKiB,
    mostMemoryKiB: Math.max(...samples.map(({ memoryKiB }) => memoryKiB)),
    files: [before.files, Math.max(...samples.map(({ files }) => files)), after.files],
    filesLimit,
    threads: [before.threads, after.threads],
    faults,
  }
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN
}
