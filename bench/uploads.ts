import { sealRequest } from '../packages/web-sdk/src/ohttp/seal-request.js'
import { createKey } from './gateway-side.js'
import { type Quartiles, quartiles } from './statistics.js'

/** The turns of a page's event loop, in milliseconds, over several runs. */
export interface Turns {
  /** The longest between two turns, run by run. */
  longest: Quartiles
  /** The longest of all runs. */
  worst: number
  /** 99 % of all turns came sooner. */
  p99: number
}

export interface UploadResult {
  /** How long the sealing took, in milliseconds. */
  sealingMs: Quartiles
  /** While a file of 64 MiB is sealed. */
  sealing: Turns
  /** For as long after each of these runs, while nothing else is done. */
  idle: Turns
}

const mib = 1024 * 1024
const runs = 9

/** Seals a file of 64 MiB and watches whether the page goes on meanwhile. */
export async function benchUploads(): Promise<UploadResult> {
  const { key } = await createKey()
  const piece = new Uint8Array(mib).fill(0x61)
  const file = new Blob(Array.from({ length: 64 }, () => piece))
  const times: number[] = []
  const sealing: number[][] = []
  const idle: number[][] = []
  for (let run = -1; run < runs; run += 1) {
    const start = performance.now()
    const busy = await gaps(async () => void (await sealRequest(key, [file])))
    const time = performance.now() - start
    const rest = await gaps(async () => new Promise((resolve) => setTimeout(resolve, time)))
    // The first run warms up.
    if (run < 0) continue
    times.push(time)
    sealing.push(busy)
    idle.push(rest)
  }
  return { sealingMs: quartiles(times), sealing: turnsOf(sealing), idle: turnsOf(idle) }
}

function turnsOf(samples: readonly number[][]): Turns {
  const longest = samples.map((sample) => sample.reduce((one, other) => Math.max(one, other), 0))
  const all = samples.flat().sort((one, other) => one - other)
  return {
    longest: quartiles(longest),
    worst: Math.max(...longest),
    p99: all[Math.ceil(all.length * 0.99) - 1] ?? Number.NaN,
  }
}

/** Times between two turns of the event loop, from the begin of `work` to its end. */
async function gaps(work: () => Promise<void>): Promise<number[]> {
  const { port1, port2 } = new MessageChannel()
  const found: number[] = []
  let last = performance.now()
  const turn = (): void => {
    const now = performance.now()
    found.push(now - last)
    last = now
  }
  // Messages to oneself come as soon as the loop is free, without the least delay that timers have.
  port1.addEventListener('message', () => {
    turn()
    port2.postMessage(0)
  })
  port1.start()
  port2.postMessage(0)
  await work()
  turn()
  port1.close()
  return found
}
