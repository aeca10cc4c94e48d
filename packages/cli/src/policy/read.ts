import type { FailedVerdict, Policy as PagePolicy } from '@blindllama/web-sdk'
import { sentenceOfRefusal } from '@blindllama/web-sdk/sentences'
import { exit, type ExitCode } from '../exit.js'
import { Failure } from '../failure.js'
import { loadVerifier } from '../verifier.js'

interface KeySet {
  keys: { key: string; role: string }[]
  threshold: Record<string, number>
  notAfter?: number
}

/** What the command reads of a policy beside what the type of pages has (PROTOCOL.md §19.3). */
export interface Policy extends PagePolicy {
  releaseKeys?: KeySet
  status?: { signers?: KeySet }
}

/**
 * Reads a policy. The verifier decides whether it is one, so that no other reading of it counts.
 *
 * @param origin of the text, for messages
 * @throws {Failure} with the verifier's code for a policy that it refuses, and `exitCode`
 */
export function readPolicy(origin: string, policy: Uint8Array, exitCode: ExitCode = exit.undecided): Policy {
  const none = new Uint8Array()
  const nonce = new Uint8Array(32)
  const text = loadVerifier().verify(
    none,
    undefined,
    policy,
    '',
    nonce,
    0,
    true,
    Uint32Array.of(1),
    Uint16Array.of(0x20, 1, 1),
  )
  // Without evidence every verification fails, and later than at its policy where that can be used.
  const verdict = JSON.parse(text) as FailedVerdict
  if (verdict.steps.find(({ id }) => id === 'policy')?.status !== 'pass')
    throw new Failure(verdict.code, `${origin}: ${sentenceOfRefusal(verdict)}`, exitCode)
  return JSON.parse(Buffer.from(policy).toString('utf8')) as Policy
}
