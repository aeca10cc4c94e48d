import { fromHex } from '../../../second-verifier/src/bytes.ts'
import { type Cbor, decodeCbor } from '../../../second-verifier/src/cbor.ts'
import type { Case } from '../case.ts'
import type { BundleQuestion, Question } from '../contract.ts'

/** The log of one of our own vectors, changed and cut at many places: what is right then nobody decided. */
export function logMutationCases(bundles: readonly Case[]): Case[] {
  const carrier = bundles.find(({ name }) => name === 'ok-log')?.question
  if (carrier?.ask !== 'bundle') throw new Error('the vector ok-log is missing')
  const log = logOf(carrier)
  const every = (step: number, change: (at: number) => Uint8Array): Question[] =>
    Array.from({ length: Math.ceil(log.length / step) }, (_, index) => ask(change(index * step)))
  return [
    agreed(
      'log-bytes',
      'F3',
      'a byte in 23 of an event log',
      every(23, (at) => log.with(at, (log[at] as number) ^ 1)),
    ),
    agreed(
      'log-sizes',
      'F14',
      'four bytes ff at one place in 31',
      every(31, (at) => filled(log, at)),
    ),
    agreed(
      'log-cut',
      'F14',
      'cut off after one byte in 13',
      every(13, (at) => log.subarray(0, at)),
    ),
  ]
}

function logOf({ evidence }: BundleQuestion): Uint8Array {
  const bundle = decodeCbor(fromHex(evidence)) as ReadonlyMap<bigint, Cbor>
  const part = decodeCbor(bundle.get(6n) as Uint8Array) as ReadonlyMap<bigint, Cbor>
  const [log] = part.get(2n) as readonly ReadonlyMap<bigint, Cbor>[]
  return log?.get(1n) as Uint8Array
}

function filled(log: Uint8Array, at: number): Uint8Array {
  return log.map((byte, index) => (index >= at && index < at + 4 ? 0xff : byte))
}

function ask(log: Uint8Array): Question {
  return { ask: 'eventlog', log: Buffer.from(log).toString('base64') }
}

function agreed(name: string, id: string, why: string, [question, ...variants]: readonly Question[]): Case {
  if (question === undefined) throw new Error(`${name} changes nothing`)
  return { name, why, group: 'mutations of event logs', ids: [id], expect: 'agree', question, variants }
}
