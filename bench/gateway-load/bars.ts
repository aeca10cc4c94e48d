import type { Attack, LoadResult } from './result.js'

/** A limit, and what was measured. */
export interface Bar {
  name: string
  atLeast?: number
  atMost?: number
  measured: number
  unit: string
  within: boolean
}

/** Medians of `result` beside their bars. */
export function barsOf({ crypto, cpu, memory, attestation, attacks }: LoadResult): Bar[] {
  const bars: Bar[] = [atMost('hybrid open, in X25519 agreements', 8, crypto.hybridReceiveUs / crypto.x25519Us, '')]
  for (const padding of ['padded', 'unpadded'] as const) {
    for (const { answer, [padding]: comparison } of cpu) {
      if (answer === '217 bytes')
        bars.push(atMost(`${answer}, ${padding}: more than the proxy`, 50, comparison.extraUs.median, 'µs'))
      const share = leastShare(answer)
      if (share !== undefined)
        bars.push(atLeast(`${answer}, ${padding}: proxy / gateway`, share, comparison.ratio.median, ''))
    }
  }
  const { streams, extraBytes } = memory
  bars.push(atMost(`an open stream of ${streams}: more than the proxy`, 2048, extraBytes.median, 'bytes'))
  bars.push(atLeast('fresh attestations', 5000, attestation.perSecond, 'a second'))
  bars.push(atMost(`p99 of ${attestation.waiting} who wait`, 300, attestation.p99Ms, 'ms'))
  return [...bars, ...attacks.flatMap(barsOfAttack)]
}

/** A quiet p99 of less is no measure: a timer of the machine is enough to double it. */
const leastP99Ms = 5

function barsOfAttack({ attack, asked, answered, quietP99Ms, attackedP99Ms, memoryBytes }: Attack): Bar[] {
  const quiet = Math.max(quietP99Ms, leastP99Ms)
  return [
    atLeast(`${attack}: genuine requests answered`, 0.99, answered / asked, ''),
    atMost(`${attack}: p99 against ${quiet.toFixed(1)} ms`, 2, attackedP99Ms / quiet, ''),
    atMost(`${attack}: memory`, 32, memoryBytes / 2 ** 20, 'MiB'),
  ]
}

/** The plain proxy's processor time as a share of the gateway's. */
function leastShare(answer: string): number | undefined {
  if (answer === '1 MiB at once') return 0.7
  if (answer.endsWith('in a burst')) return 0.3
  return answer === '1000 events' ? 0.9 : answer === '300 events' ? 0.8 : undefined
}

function atLeast(name: string, bar: number, measured: number, unit: string): Bar {
  return { name, atLeast: bar, measured, unit, within: measured >= bar }
}

function atMost(name: string, bar: number, measured: number, unit: string): Bar {
  return { name, atMost: bar, measured, unit, within: measured <= bar }
}
