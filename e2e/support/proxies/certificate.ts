import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createHash, X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'
import '../../../tools/environment.ts'

/** A certificate for 127.0.0.1 and chat.example by an authority that existed for one call, in a private folder. */
export interface Certificate {
  /** PEM files. */
  readonly authority: string
  readonly certificate: string
  readonly key: string
  /** Both in one file, as HAProxy wants them. */
  readonly together: string
  /** SHA-256 of the SubjectPublicKeyInfo, base64: what a browser can be told to trust besides its authorities. */
  readonly spki: string
}

const openssl = async (...args: string[]): Promise<unknown> => promisify(execFile)('openssl', args)
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** Makes an authority and a certificate of it that are good for one day; the authority's key is not kept in use. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const path = (name: string): string => join(folder, name)
  const [authority, authorityKey] = [path('authority.pem'), path('authority.key')]
  const [certificate, key, together] = [path('server.pem'), path('server.key'), path('together.pem')]
  await openssl(
    'req',
    '-x509',
    ...newKey,
    '-days',
    '1',
    '-subj',
    '/CN=throw-away',
    '-keyout',
    authorityKey,
    '-out',
    authority,
  )
  const leaf = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:chat.example', '-days', '1']
  const issue = ['-CA', authority, '-CAkey', authorityKey, '-addext', 'basicConstraints=critical,CA:FALSE']
  await openssl('req', '-x509', ...newKey, ...leaf, ...issue, '-keyout', key, '-out', certificate)
  const pem = await readFile(certificate)
  await writeFile(together, Buffer.concat([pem, await readFile(key)]), { mode: 0o600 })
  const spki = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' })
  return { authority, certificate, key, together, spki: createHash('sha256').update(spki).digest('base64') }
}
