import { setTimeout } from 'node:timers/promises'
import { shuffled } from './random.ts'

/** What is killed with SIGKILL. */
export type Kind = 'gateway' | 'model server' | 'proxy' | 'TPM' | 'VM'

/** A thing that can be killed, and starts again at the same address. */
export interface Breakable {
  readonly kill: () => Promise<void>
  readonly start: () => Promise<void>
}

/** Of each kind, the one that the numbers choose. */
export type Breakables = ReadonlyMap<Kind, (random: () => number) => Breakable>

/** One fault. Times are those of `performance.now()`, in milliseconds. */
export interface Fault {
  readonly kind: Kind
  readonly killedAt: number
  /** When what was killed was back. */
  readonly backAt: number
}

/** The longest pauses, in milliseconds: until the next fault, and of what was killed. */
const longest = { pause: 2500, outage: 400 } as const

/** What hears of the faults. */
export interface FaultListener {
  readonly onKilled?: (kind: Kind) => void
  /** Awaited after each fault. */
  readonly settled?: (fault: Fault) => Promise<void>
}

/** Kills one thing after the other at random moments, each kind as often as the others, until `enough` says so after a whole round. */
export async function breakThings(
  breakables: Breakables,
  random: () => number,
  enough: (faults: number) => boolean,
  { onKilled, settled }: FaultListener = {},
): Promise<Fault[]> {
  const faults: Fault[] = []
  do {
    for (const [kind, choose] of shuffled([...breakables], random)) {
      await setTimeout(random() * longest.pause)
      const { kill, start } = choose(random)
      const outage = random() * longest.outage
      const killedAt = performance.now()
      await kill()
      onKilled?.(kind)
      await setTimeout(outage)
      await start()
      const fault: Fault = { kind, killedAt, backAt: performance.now() }
      faults.push(fault)
      await settled?.(fault)
    }
  } while (!enough(faults.length))
  return faults
}
