import { createHash, type KeyObject, sign } from 'node:crypto'
import { exit } from '../exit.js'
import { Failure } from '../failure.js'
import {
  type Answer,
  base64url,
  bytesIn,
  endpointOf,
  exchange,
  lengthPrefixed,
  reasonOf,
  unexpected,
} from '../gateway-request.js'
import { publicHex } from '../release/keys.js'

/** What a gateway is given while it runs (PROTOCOL.md §26.1); at least one of them. */
export interface OperatorDocuments {
  /** The service that they are for, as the policy of its pages names it: its gateways alone take them. */
  readonly audience: string
  /** As `release pack` writes it. */
  readonly release?: Uint8Array
  readonly status?: Uint8Array
  /** SHA-256 of API keys, in hex: all of them, in place of all before. */
  readonly accessKeys?: readonly string[]
}

/** Of the content, in bytes. */
export const largestContent: number = 1024 * 1024

/** Two operators at once may take each other's challenge. */
const attempts = 3

/**
 * Sends documents to a gateway, which takes all of them or none.
 *
 * @param base URL of the service
 * @param key Ed25519, one of the gateway's `operator.keys`
 * @param patienceMs of each request
 * @throws {Failure} the gateway's code: nothing was changed
 */
export async function push(
  base: string,
  key: KeyObject,
  { audience, release, status, accessKeys }: OperatorDocuments,
  patienceMs = 60_000,
): Promise<void> {
  const endpoint = endpointOf(base, 'operate', 'operator.keys')
  const body = JSON.stringify({
    version: 1,
    audience,
    ...(release && { release: base64url(release) }),
    ...(status && { status: base64url(status) }),
    ...(accessKeys && { accessKeys }),
  })
  if (body.length > largestContent)
    throw new Failure('cli.size', `The documents have more than ${largestContent} bytes together`, exit.undecided)
  for (let attempt = 1; ; attempt++) {
    const challenge = bytesIn(await exchange(endpoint, patienceMs), 'challenge')
    const headers = { 'blindllama-operator': authorizationOf(key, challenge, body) }
    const answer = await exchange(endpoint, patienceMs, { body, headers })
    if (answer['code'] !== 'operate.challenge' || attempt === attempts) return assertAccepted(answer)
  }
}

/** Challenge, public key, digest of the content, and the signature over challenge and digest. */
function authorizationOf(key: KeyObject, challenge: Uint8Array, body: string): string {
  const digest = createHash('sha256').update(body).digest()
  const signed = [Buffer.from('blindllama/operate/v1'), challenge, digest].map(lengthPrefixed)
  const signature = sign(null, Buffer.concat(signed), key)
  return base64url(Buffer.concat([challenge, Buffer.from(publicHex(key), 'hex'), digest, signature]))
}

const codes = [
  'operate.request',
  'operate.refused',
  'operate.challenge',
  'operate.busy',
  'operate.document',
  'operate.older',
] as const

function assertAccepted(answer: Answer): void {
  const { code, version } = answer
  if (code === undefined && version === 1) return
  const same = codes.find((each) => each === code)
  if (same === undefined) throw unexpected('code')
  throw new Failure(same, `The gateway changed nothing: ${reasonOf(answer)}`, exit.undecided)
}
