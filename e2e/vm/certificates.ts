import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../packages/image/build/run.ts'

/** An authority that certifies attestation keys, as a cloud does for all of its tenants. */
export class Authority {
  readonly #folder: string
  #issued = 0

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async make(folder: string): Promise<Authority> {
    const authority = new Authority(folder)
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem']
    const name = ['-subj', '/CN=a cloud', '-addext', 'keyUsage=critical,keyCertSign', '-days', '2']
    await authority.#openssl('req', '-x509', ...key, ...name, '-out', 'root.pem')
    return authority
  }

  /** SHA-256 of the root's DER, hexadecimal, as policies pin it. */
  async rootSha256(): Promise<string> {
    return createHash('sha256')
      .update(await this.#der('root.pem'))
      .digest('hex')
  }

  /** A chain for an attestation key, leaf first. @param akPublic TPMT_PUBLIC of a key on P-256 */
  async certify(akPublic: Uint8Array): Promise<Uint8Array[]> {
    const name = `ak-${this.#issued++}`
    const pem = createPublicKey({ key: keyOf(akPublic), format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    await writeFile(join(this.#folder, `${name}.key`), pem)
    await writeFile(
      join(this.#folder, 'extensions'),
      'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=2.23.133.8.3\n' +
        'authorityKeyIdentifier=keyid\n',
    )
    const key = [
      '-force_pubkey',
      `${name}.key`,
      '-CA',
      'root.pem',
      '-CAkey',
      'key.pem',
      '-set_serial',
      `${this.#issued}`,
    ]
    const about = ['-subj', `/CN=${name}`, '-days', '1', '-extfile', 'extensions']
    await this.#openssl('x509', '-new', ...about, ...key, '-out', `${name}.pem`)
    return [await this.#der(`${name}.pem`), await this.#der('root.pem')]
  }

  async #der(file: string): Promise<Uint8Array> {
    return new Uint8Array(new X509Certificate(await readFile(join(this.#folder, file))).raw)
  }

  async #openssl(...words: readonly string[]): Promise<void> {
    await run('openssl failed', ['openssl', ...words], { cwd: this.#folder })
  }
}

/** The point at the end of a TPMT_PUBLIC (TPM 2.0 Part 2 §12.2.4): two coordinates, each with its length before it. */
function keyOf(akPublic: Uint8Array): { kty: string; crv: string; x: string; y: string } {
  const bytes = Buffer.from(akPublic)
  const [x, y] = [bytes.subarray(-66, -34), bytes.subarray(-32)]
  if (bytes.readUInt16BE(bytes.length - 68) !== 32 || bytes.readUInt16BE(bytes.length - 34) !== 32)
    throw new Error('the attestation key is not on P-256')
  return { kty: 'EC', crv: 'P-256', x: x.toString('base64url'), y: y.toString('base64url') }
}
