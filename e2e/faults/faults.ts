import { setTimeout } from 'node:timers/promises'
import type { Member } from '../failover/fleet.ts'
import type { Parts } from './parts.ts'
import { shuffled } from './random.ts'

/** What is killed with SIGKILL. */
export const kinds = ['gateway', 'model server', 'proxy', 'TPM'] as const

export type Kind = (typeof kinds)[number]

/** One fault. Times are those of `performance.now()`, in milliseconds. */
export interface Fault {
  readonly kind: Kind
  readonly killedAt: number
  /** When what was killed was back. */
  readonly backAt: number
}

/** The longest pauses, in milliseconds: until the next fault, and of what was killed. */
const longest = { pause: 2500, outage: 400 } as const

/** Kills one thing after the other at random moments, each kind as often as the others, until `enough` says so after a whole round. */
export async function breakThings(parts: Parts, random: () => number, enough: () => boolean): Promise<Fault[]> {
  const faults: Fault[] = []
  do {
    for (const kind of shuffled(kinds, random)) {
      await setTimeout(random() * longest.pause)
      faults.push(await breakOne(kind, parts, random))
    }
  } while (!enough())
  return faults
}

async function breakOne(kind: Kind, { fleet, proxy, model }: Parts, random: () => number): Promise<Fault> {
  const member = fleet.members[Math.floor(random() * fleet.members.length)] as Member
  const outage = random() * longest.outage
  const killedAt = performance.now()
  const during = async (part: { kill(): Promise<void>; start(): Promise<void> }): Promise<void> => {
    await part.kill()
    await setTimeout(outage)
    await part.start()
  }
  if (kind === 'gateway') await during(member)
  if (kind === 'model server') await during(model)
  if (kind === 'proxy') await during(proxy)
  // Its gateway refuses evidence, and nothing but a start of the machine brings it back (PROTOCOL.md §24).
  if (kind === 'TPM') await during({ kill: async () => member.killTpm(), start: async () => member.reboot() })
  return { kind, killedAt, backAt: performance.now() }
}
