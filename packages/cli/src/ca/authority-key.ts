import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import { exit } from '../exit.js'
import { Failure, usage } from '../failure.js'
import { readPrivateKey, writeKey } from '../release/keys.js'
import { tokenKey } from './token-key.js'

/** Signs certificates with ECDSA on P-256 and SHA-256. */
export interface AuthorityKey {
  readonly publicKey: KeyObject
  /** @returns Ecdsa-Sig-Value in DER (RFC 3279 §2.2.3) */
  sign(message: Uint8Array): Promise<Uint8Array>
}

/** Options of the command that name the key. */
export const keyOptions = {
  'ca-key': { type: 'string' },
  pkcs11: { type: 'string' },
  token: { type: 'string' },
  object: { type: 'string' },
} as const

export type KeyValues = Partial<Record<keyof typeof keyOptions, string>>

/**
 * The key that the options name: a file, or an object of a PKCS#11 token.
 *
 * @throws {Failure} `cli.usage`, `cli.file`, `cli.authority`
 */
export async function openKey({ 'ca-key': file, pkcs11, token, object }: KeyValues): Promise<AuthorityKey> {
  if (file !== undefined && pkcs11 === undefined) return fileKey(file)
  if (file === undefined && pkcs11 !== undefined && token !== undefined && object !== undefined)
    return checked(await tokenKey({ module: pkcs11, token, object }))
  throw usage('--ca-key FILE, or --pkcs11 MODULE with --token LABEL and --object ID, is expected')
}

/** Makes a key in a file that was not there before. @throws {Failure} `cli.file` */
export async function makeFileKey(file: string): Promise<void> {
  await writeKey(file, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
}

async function fileKey(file: string): Promise<AuthorityKey> {
  const key = await readPrivateKey(file)
  const publicKey = createPublicKey(key)
  assertP256(file, publicKey)
  return { publicKey, sign: async (message) => sign('sha256', message, key) }
}

function assertP256(where: string, key: KeyObject): void {
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return
  const type = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType
  throw new Failure('cli.authority', `${where}: a key on P-256 is expected, and this one is ${type}`, exit.undecided)
}

/** A token can hold another private key under the same id: no signature leaves that the public key does not verify. */
function checked(key: AuthorityKey): AuthorityKey {
  assertP256('The object of the token', key.publicKey)
  return {
    publicKey: key.publicKey,
    sign: async (message) => {
      const signature = await key.sign(message)
      if (!verify('sha256', message, key.publicKey, signature))
        throw new Failure(
          'cli.authority',
          'The signature of the token does not verify with its public key; check that --object names one key pair',
          exit.refused,
        )
      return signature
    },
  }
}
