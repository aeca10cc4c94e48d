import { execFile } from 'node:child_process'
import { createHash, createPublicKey } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { exit } from '../exit.js'
import { Failure, usage } from '../failure.js'
import type { AuthorityKey } from './authority-key.js'

/** The variable that holds the PIN: arguments of a process are visible to every user of the machine. */
export const pinVariable = 'BLINDLLAMA_PKCS11_PIN'

/** Of one use of the token, in ms: smart cards take seconds for a signature. */
const patienceMs = 60_000

export interface TokenObject {
  /** Path of the PKCS#11 module. */
  readonly module: string
  /** Label of the token. */
  readonly token: string
  /** CKA_ID of the key pair, in hex: `pkcs11-tool --sign` takes no label. */
  readonly object: string
}

/**
 * A key pair in a PKCS#11 token, used through `pkcs11-tool` of OpenSC: the private key never leaves the token.
 *
 * @throws {Failure} `cli.authority` where the token refuses, `cli.usage` without a PIN
 */
export async function tokenKey(place: TokenObject): Promise<AuthorityKey> {
  if (!/^(?:[0-9a-f]{2}){1,64}$/i.test(place.object)) throw usage('--object: the id of the key pair in hex, such as 01')
  if ((process.env[pinVariable] ?? '') === '') throw usage(`--pkcs11: set ${pinVariable} to the PIN of the token`)
  return inFolder(async (at) => {
    await pkcs11Tool(place, ['--read-object', '--type', 'pubkey', '--output-file', at('public.der')])
    const publicKey = createPublicKey({ key: await readFile(at('public.der')), format: 'der', type: 'spki' })
    return { publicKey, sign: async (message) => signed(place, message) }
  })
}

async function signed(place: TokenObject, message: Uint8Array): Promise<Uint8Array> {
  return inFolder(async (at) => {
    await writeFile(at('digest'), createHash('sha256').update(message).digest())
    const files = ['--input-file', at('digest'), '--output-file', at('signature')]
    await pkcs11Tool(place, ['--sign', '--mechanism', 'ECDSA', '--signature-format', 'openssl', ...files])
    return readFile(at('signature'))
  })
}

async function inFolder<T>(use: (at: (name: string) => string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'blindllama-token-'))
  try {
    return await use((name) => join(folder, name))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function pkcs11Tool({ module, token, object }: TokenObject, args: readonly string[]): Promise<void> {
  const place = ['--module', module, '--token-label', token, '--login', '--pin', `env:${pinVariable}`, '--id', object]
  try {
    await promisify(execFile)('pkcs11-tool', [...place, ...args], { timeout: patienceMs })
  } catch (cause) {
    const { code, killed, stderr } = cause as { code?: unknown; killed?: boolean; stderr?: string }
    const why =
      code === 'ENOENT'
        ? 'pkcs11-tool is not installed; install the package opensc'
        : killed === true
          ? `the token did not answer within ${patienceMs / 1000} s`
          : ((stderr ?? '').trim().split('\n').at(-1) ?? '')
    throw new Failure('cli.authority', `${module}, token '${token}', object '${object}': ${why}`, exit.undecided)
  }
}
