import { sealRequest } from '../packages/web-sdk/src/ohttp/seal-request.js'
import { createKey } from './gateway-side.js'

export interface UploadResult {
  /** Longest time between two turns of the page's event loop while nothing else runs, in milliseconds. */
  idleLongestMs: number
  /** The same while a file of 64 MiB is sealed. */
  sealingLongestMs: number
  /** How long the sealing took, in milliseconds. */
  sealingMs: number
}

const mib = 1024 * 1024

/** Seals a file of 64 MiB and watches whether the page goes on meanwhile. */
export async function benchUploads(): Promise<UploadResult> {
  const { key } = await createKey()
  const piece = new Uint8Array(mib).fill(0x61)
  const file = new Blob(Array.from({ length: 64 }, () => piece))
  await sealRequest(key, [file])
  const start = performance.now()
  let sealingMs = 0
  const sealingLongestMs = await longestGap(async () => {
    await sealRequest(key, [file])
    sealingMs = performance.now() - start
  })
  const idleLongestMs = await longestGap(async () => new Promise((resolve) => setTimeout(resolve, sealingMs)))
  return { idleLongestMs, sealingLongestMs, sealingMs }
}

async function longestGap(work: () => Promise<void>): Promise<number> {
  const { port1, port2 } = new MessageChannel()
  let last = performance.now()
  let longest = 0
  const turn = (): void => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
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
  return longest
}
