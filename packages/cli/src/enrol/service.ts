import { type KeyObject, sign } from 'node:crypto'
import { exit } from '../exit.js'
import { Failure } from '../failure.js'
import { publicHex } from '../release/keys.js'
import type { Credential } from './credential.js'
import { isTemplateName, type TemplateName } from './templates.js'

/** What the TPM of a gateway is, by the gateway's word. */
export interface Description {
  /** TPMT_PUBLIC */
  readonly akPublic: Uint8Array
  /** Of templates that this command knows. */
  readonly endorsements: readonly { readonly template: TemplateName; readonly certificate: Uint8Array }[]
}

/** A gateway that lets the holder of a key enrol (PROTOCOL.md §22.1). */
export interface EnrolmentService {
  describe(): Promise<Description>
  /** What the TPM decrypted. */
  activate(template: TemplateName, credential: Credential): Promise<Uint8Array>
}

/** A gateway that takes certificates of its attestation key (PROTOCOL.md §22.1). */
export interface ChainService {
  /** @param chain DER, leaf to root; in the evidence of this process from then on, in place of an earlier one that was installed */
  install(chain: readonly Uint8Array[]): Promise<void>
}

/** What a signed request asks for; nothing: describe. */
type EnrolmentAction =
  | { readonly activate: { readonly template: TemplateName; readonly credential: Credential } }
  | { readonly chain: readonly Uint8Array[] }

/** Of an answer: three certificates of NVRAM, each of 64 KiB at most. */
const largest = 512 * 1024

/** Two enrolments at once may take each other's challenge. */
const attempts = 3

/**
 * @param base URL of the service
 * @param key Ed25519, one of the gateway's `enrolment.keys`
 * @param patienceMs of each request
 */
export function enrolmentService(base: string, key: KeyObject, patienceMs = 60_000): EnrolmentService & ChainService {
  const url = new URL('blindllama/v1/enrol', base.endsWith('/') ? base : `${base}/`)
  const post = async (action?: EnrolmentAction): Promise<Answer> => {
    for (let attempt = 1; ; attempt++) {
      const challenge = bytesIn(await exchange(url, patienceMs), 'challenge')
      const answer = await exchange(url, patienceMs, signedRequest(key, challenge, action))
      if (answer['code'] !== 'enrol.challenge' || attempt === attempts) return accepted(answer)
    }
  }
  return {
    describe: async () => {
      const answer = await post()
      const { endorsements } = answer
      if (!Array.isArray(endorsements)) throw unexpected('endorsements')
      const read = (endorsements as Answer[]).flatMap((each) => {
        const { template } = each
        return isTemplateName(template) ? [{ template, certificate: bytesIn(each, 'certificate') }] : []
      })
      return { akPublic: bytesIn(answer, 'akPublic'), endorsements: read }
    },
    activate: async (template, credential) => bytesIn(await post({ activate: { template, credential } }), 'secret'),
    install: async (chain) => {
      await post({ chain })
    },
  }
}

type Answer = Record<string, unknown>

function signedRequest(key: KeyObject, challenge: Uint8Array, action: EnrolmentAction | undefined): string {
  return JSON.stringify({
    version: 1,
    challenge: base64url(challenge),
    key: Buffer.from(publicHex(key), 'hex').toString('base64url'),
    signature: base64url(sign(null, Buffer.concat(partsOf(challenge, action).map(lengthPrefixed)), key)),
    ...(action && membersOf(action)),
  })
}

/** What the signature covers. Each form has a context of its own. */
function partsOf(challenge: Uint8Array, action: EnrolmentAction | undefined): Uint8Array[] {
  if (action && 'chain' in action) return [Buffer.from('blindllama/enrol-chain/v1'), challenge, ...action.chain]
  const none = Buffer.alloc(0)
  const { template = '', credential = { credential: none, secret: none } } = action?.activate ?? {}
  return [
    Buffer.from('blindllama/enrol/v1'),
    challenge,
    Buffer.from(template),
    credential.credential,
    credential.secret,
  ]
}

function membersOf(action: EnrolmentAction): object {
  if ('chain' in action) return { chain: action.chain.map(base64url) }
  const { template, credential } = action.activate
  return { activate: { template, credential: base64url(credential.credential), secret: base64url(credential.secret) } }
}

function lengthPrefixed(part: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(part.length)
  return Buffer.concat([length, part])
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** An answer, or a problem with its code. */
async function exchange(url: URL, patienceMs: number, body?: string): Promise<Answer> {
  // A timer of its own: Node.js 20 may collect the signal of AbortSignal.timeout while a body is read, and never fires it.
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), patienceMs)
  try {
    const response = await fetch(url, {
      redirect: 'error',
      signal: patience.signal,
      ...(body !== undefined && { method: 'POST', body, headers: { 'content-type': 'application/json' } }),
    })
    return parsed(url, response, await textOf(response))
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    if (patience.signal.aborted)
      throw new Failure('cli.timeout', `${url.href} did not answer within ${patienceMs / 1000} s`, exit.undecided, {
        cause,
      })
    throw new Failure('evidence.unreachable', `${url.href}: ${(cause as Error).message}`, exit.undecided, { cause })
  } finally {
    clearTimeout(timer)
  }
}

async function textOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += (part as Uint8Array).length
    if (length > largest) throw new Failure('cli.size', `The answer has more than ${largest} bytes`, exit.undecided)
    parts.push(part as Uint8Array)
  }
  return Buffer.concat(parts).toString('utf8')
}

function parsed(url: URL, { status, ok }: Response, text: string): Answer {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    answer = undefined
  }
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer))
    throw new Failure('evidence.status', `${url.href} answered ${status}, and not in JSON`, exit.undecided)
  const { code } = answer as Answer
  if (!ok && (typeof code !== 'string' || !code.startsWith('enrol.')))
    throw new Failure(
      'evidence.status',
      `${url.href} answered ${status}${typeof code === 'string' ? ` ${code}` : ''}. Check that the base URL leads to a gateway whose setting enrolment.keys names this key`,
      exit.undecided,
    )
  return answer as Answer
}

/** @throws {Failure} with the gateway's own code; a credential that was not activated is refused, all else undecided */
function accepted(answer: Answer): Answer {
  const { code } = answer
  if (code === undefined) return answer
  if (code === 'enrol.activation')
    throw new Failure(
      'enrol.activation',
      'The TPM did not decrypt the credential: the attestation key is not in the TPM that the certificate describes. Do not trust it as such',
      exit.refused,
    )
  const known = [
    'enrol.request',
    'enrol.refused',
    'enrol.challenge',
    'enrol.busy',
    'enrol.chain',
    'enrol.unavailable',
  ] as const
  const same = known.find((each) => each === code)
  if (same === undefined) throw unexpected('code')
  const { title, detail } = answer
  const where = typeof detail === 'string' ? ` (${detail})` : ''
  throw new Failure(same, `The gateway refused the enrolment: ${String(title)}${where}`, exit.undecided)
}

function bytesIn(answer: Answer, member: string): Uint8Array {
  const text = answer[member]
  if (typeof text !== 'string' || !/^[A-Za-z0-9_-]*$/.test(text)) throw unexpected(member)
  return new Uint8Array(Buffer.from(text, 'base64url'))
}

function unexpected(member: string): Failure {
  return new Failure(
    'evidence.status',
    `The answer to the enrolment has no '${member}' of its form (PROTOCOL.md §22.1)`,
    exit.undecided,
  )
}
