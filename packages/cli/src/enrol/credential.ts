import {
  constants,
  createCipheriv,
  createECDH,
  createHmac,
  createPublicKey,
  type KeyObject,
  publicEncrypt,
  randomBytes,
} from 'node:crypto'
import { kdfa, kdfe } from './kdf.js'
import { type Template, type TemplateName, templates } from './templates.js'

/** What TPM2_ActivateCredential takes, and what it gives back where both keys are in one TPM. */
export interface Credential {
  /** TPMS_ID_OBJECT (TPM 2.0 Part 2 §12.4.2). */
  readonly credential: Buffer
  /** Content of TPM2B_ENCRYPTED_SECRET (Part 2 §11.4.33). */
  readonly secret: Buffer
  /** 32 random bytes. */
  readonly value: Buffer
}

/** The key of an endorsement certificate: the modulus of an RSA key of exponent 65537, or x and y of a point. */
export type EndorsementKey = readonly Uint8Array[]

/** A seed, and how the endorsement key gets it. */
interface Seed {
  readonly seed: Buffer
  readonly secret: Buffer
}

/** Chosen by chance, except by known-answer tests. */
export interface RandomValues {
  readonly value: Buffer
  /** The seed of RSA, or the private scalar of the ephemeral point. */
  readonly seed: Buffer
}

const none = new Uint8Array()

/**
 * TPM2_MakeCredential without a TPM (TPM 2.0 Part 1 §24; PROTOCOL.md §22.2, step 4): a value that only a TPM can read which holds the
 * endorsement key, and beside it an object of this Name.
 *
 * @param name of the attestation key, nameAlg || digest
 */
export function makeCredential(
  templateName: TemplateName,
  key: EndorsementKey,
  name: Uint8Array,
  chance?: RandomValues,
): Credential {
  const template = templates[templateName]
  const value = chance?.value ?? randomBytes(32)
  const { seed, secret } = template.curve
    ? agreed(template, template.curve, key, chance?.seed)
    : encrypted(template, key, chance?.seed ?? randomBytes(template.digestLength))
  const { hash, keyBits, digestLength } = template
  const aes = createCipheriv(`aes-${keyBits}-cfb`, kdfa(hash, seed, 'STORAGE', name, none, keyBits), Buffer.alloc(16))
  const encIdentity = Buffer.concat([aes.update(sized(value)), aes.final()])
  const hmacKey = kdfa(hash, seed, 'INTEGRITY', none, none, digestLength * 8)
  const integrity = createHmac(hash, hmacKey).update(encIdentity).update(name).digest()
  return { credential: Buffer.concat([sized(integrity), encIdentity]), secret, value }
}

/** A TPM2B: a length of two bytes, and so many. */
function sized(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** RSAES-OAEP (Part 1 §B.4, §B.10.4). */
function encrypted({ hash }: Template, [modulus]: EndorsementKey, seed: Buffer): Seed {
  const key = imported({ kty: 'RSA', n: base64url(modulus), e: 'AQAB' })
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  const secret = publicEncrypt({ key, padding, oaepHash: hash, oaepLabel: Buffer.from('IDENTITY\0') }, seed)
  return { seed, secret }
}

/** One-pass Diffie-Hellman (Part 1 §C.6.1, §C.6.4). Node.js refuses a point that is not on the curve. */
function agreed(
  { hash, digestLength }: Template,
  { name, jwk }: NonNullable<Template['curve']>,
  [x, y]: EndorsementKey,
  scalar: Buffer | undefined,
): Seed {
  imported({ kty: 'EC', crv: jwk, x: base64url(x), y: base64url(y) })
  const ephemeral = createECDH(name)
  if (scalar) ephemeral.setPrivateKey(scalar)
  else ephemeral.generateKeys()
  const point = ephemeral.getPublicKey()
  const length = (point.length - 1) / 2
  const [ownX, ownY] = [point.subarray(1, 1 + length), point.subarray(1 + length)]
  const z = ephemeral.computeSecret(Buffer.concat([Buffer.of(4), x ?? none, y ?? none]))
  const seed = kdfe(hash, z, 'IDENTITY', ownX, x ?? none, digestLength * 8)
  return { seed, secret: Buffer.concat([sized(ownX), sized(ownY)]) }
}

function imported(key: Record<string, string>): KeyObject {
  return createPublicKey({ key, format: 'jwk' })
}

function base64url(bytes: Uint8Array = none): string {
  return Buffer.from(bytes).toString('base64url')
}
