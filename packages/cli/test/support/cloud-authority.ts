import { execFileSync } from 'node:child_process'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Certificates in DER, leaf to root, as a cloud's hierarchy has them, and the folder that they are in. */
export interface Hierarchy {
  readonly folder: string
  readonly chain: readonly Uint8Array[]
}

/** One certificate of a hierarchy, and the addresses of its issuer that it names. */
export interface Member {
  readonly name: string
  readonly addresses: readonly string[]
  /** Of the signature that is on it. */
  readonly digest?: 'sha256' | 'sha384' | 'sha512'
}

const authority = 'basicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign\n'
const leaf = 'keyUsage = critical, digitalSignature\nextendedKeyUsage = 2.23.133.8.3, 1.3.6.1.4.1.311.10.3.12\n'

/** @param members leaf to root */
export function hierarchyOf(...members: readonly Member[]): Hierarchy {
  const folder = mkdtempSync(join(tmpdir(), 'blindllama-cloud-'))
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  for (const [index, { name, addresses, digest = 'sha256' }] of [...members.entries()].toReversed()) {
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384', '-out', `${index}.key`)
    const access = addresses.map((address) => `caIssuers;URI:${address}`).join(',')
    const extensions = (index === 0 ? leaf : authority) + (access === '' ? '' : `authorityInfoAccess = ${access}\n`)
    writeFileSync(join(folder, `${index}.ext`), `[all]\n${extensions}`)
    const common = ['x509', '-new', `-${digest}`, '-days', '90', '-subj', `/CN=${name}`, '-outform', 'DER']
    const files = ['-out', `${index}.der`, '-extfile', `${index}.ext`, '-extensions', 'all']
    const issuer =
      index === members.length - 1
        ? ['-key', `${index}.key`]
        : ['-force_pubkey', `${index}.pub`, '-CA', `${index + 1}.der`, '-CAkey', `${index + 1}.key`]
    openssl('pkey', '-in', `${index}.key`, '-pubout', '-out', `${index}.pub`)
    openssl(...common, ...files, ...issuer)
  }
  const chain = members.map((_, index) => new Uint8Array(readFileSync(join(folder, `${index}.der`))))
  return { folder, chain }
}

/** A server on loopback, and its address without a path. */
export async function serve(listener: RequestListener): Promise<{ base: string; server: Server }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

export function pemOf(der: Uint8Array): string {
  const base64 = Buffer.from(der).toString('base64').replaceAll(/.{64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`
}
