import { type KeyObject, sign } from 'node:crypto'
import { exit } from '../exit.js'
import { Failure } from '../failure.js'
import { publicHex } from '../release/keys.js'
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

/** Two enrolments at once may take each other's challenge. */
const attempts = 3

/**
 * @param base URL of the service
 * @param key Ed25519, one of the gateway's `enrolment.keys`
 * @param patienceMs of each request
 */
export function enrolmentService(base: string, key: KeyObject, patienceMs = 60_000): EnrolmentService & ChainService {
  const endpoint = endpointOf(base, 'enrol', 'enrolment.keys')
  const post = async (action?: EnrolmentAction): Promise<Answer> => {
    for (let attempt = 1; ; attempt++) {
      const challenge = bytesIn(await exchange(endpoint, patienceMs), 'challenge')
      const answer = await exchange(endpoint, patienceMs, { body: signedRequest(key, challenge, action) })
      if (answer['code'] !== 'enrol.challenge' || attempt === attempts) return accepted(answer)
    }
  }
  return {
    describe: async () => {
      const answer = await post()
      const { endorsements } = answer
      if (!Array.isArray(endorsements)) throw unexpected('endorsements')
      const read = (endorsements as (Answer | null)[]).flatMap((each) => {
        const template = each?.['template']
        return each && isTemplateName(template) ? [{ template, certificate: bytesIn(each, 'certificate') }] : []
      })
      return { akPublic: bytesIn(answer, 'akPublic'), endorsements: read }
    },
    activate: async (template, credential) => bytesIn(await post({ activate: { template, credential } }), 'secret'),
    install: async (chain) => {
      await post({ chain })
    },
  }
}

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
  throw new Failure(same, `The gateway refused the enrolment: ${reasonOf(answer)}`, exit.undecided)
}
