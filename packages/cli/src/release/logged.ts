import { createHash } from 'node:crypto'
import type { Code, Policy } from '@blindllama/web-sdk'
import { exit } from '../exit.js'
import { Failure } from '../failure.js'
import { verifies } from './keys.js'
import { leadsFrom } from './proof.js'

type LogPolicy = NonNullable<Policy['log']>

/** A line below a checkpoint: the id of a key, and what it signed. */
interface Line {
  readonly name: string
  readonly bytes: Buffer
}

/** Algorithm bytes of C2SP signed-note: Ed25519, and cosignature/v1. */
const [ed25519, cosignature] = [0x01, 0x04] as const

const form =
  /^c2sp\.org\/tlog-proof@v1\n(?:[^\n]+\n)+\n(?<text>[^\n]+\n\d{1,19}\n\S+\n(?:[^\n]+\n)*)\n(?<lines>(?:\u2014 [^\n ]+ \S+\n){1,64})$/u

/**
 * Demands that a signed document is in the log of a policy, and that its witnesses saw it there (PROTOCOL.md §19.6), by the codes of the
 * verifier. Documents that the verifier does not read have no other judge.
 *
 * @param entry what stands in the log
 * @throws {Failure} `release.log_…`
 */
export function assertLogged(file: string, entry: Uint8Array, proof: Uint8Array, log: LogPolicy): void {
  const refused = (code: Code, what: string): Failure =>
    new Failure(code, `${file}: ${what}. Use the proof that release publish wrote for this document`, exit.refused)
  const { text = '', lines = '' } = form.exec(Buffer.from(proof).toString('utf8'))?.groups ?? {}
  if (text === '') throw refused('release.log_format', 'not a C2SP tlog-proof')
  const [origin] = text.split('\n')
  if (origin !== log.origin)
    throw refused('release.log_origin', `it is of the log '${origin}', and the policy names '${log.origin}'`)
  const all = lines.split('\n').filter(Boolean).map(lineOf)
  const ofLog = signaturesOf(all, log.origin, log.key, ed25519)
  const message = Buffer.from(text)
  if (ofLog.length === 0 || !ofLog.every((bytes) => verifies(log.key, bytes, message)))
    throw refused('release.log_signature', `the log's key ${log.key} did not sign its checkpoint`)
  let count = 0
  for (const { name, key } of log.witnesses) {
    const own = signaturesOf(all, name, key, cosignature)
    if (!own.every((bytes) => isCosigned(key, bytes, text)))
      throw refused('release.log_witness', `the cosignature of ${name} does not verify`)
    if (own.length > 0) count += 1
  }
  if (count < log.threshold)
    throw refused('release.log_witness', `${count} witnesses of the policy saw it, and ${log.threshold} have to`)
  if (!leadsFrom(entry, file, proof)) throw refused('release.log_inclusion', 'it leads from another document')
}

function lineOf(line: string): Line {
  const [, name = '', value = ''] = line.split(' ')
  return { name, bytes: Buffer.from(value, 'base64') }
}

/** What a key signed: behind its id, the first 4 bytes of H(name || 0A || algorithm || key). */
function signaturesOf(lines: readonly Line[], name: string, key: string, algorithm: number): Buffer[] {
  const hash = createHash('sha256').update(name).update(Uint8Array.of(0x0a, algorithm)).update(Buffer.from(key, 'hex'))
  const id = hash.digest().subarray(0, 4)
  const own = lines.filter((line) => line.name === name && line.bytes.subarray(0, 4).equals(id))
  return own.map(({ bytes }) => bytes.subarray(4))
}

/** A timestamp of 8 bytes, and a signature over it and the checkpoint: C2SP tlog-cosignature. */
function isCosigned(key: string, bytes: Buffer, text: string): boolean {
  if (bytes.length !== 8 + 64) return false
  const message = Buffer.from(`cosignature/v1\ntime ${bytes.readBigUInt64BE(0)}\n${text}`)
  return bytes.readBigUInt64BE(0) < 1n << 63n && verifies(key, bytes.subarray(8), message)
}
