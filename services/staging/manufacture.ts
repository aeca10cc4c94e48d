import { execFile } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import '../../tools/environment.ts'

/** The certificate authority of software TPMs, in a folder of its own. */
export interface SoftwareMaker {
  readonly setupConfig: string
  /** Written with the first TPM: the root, and the authority below it. */
  readonly certificates: { readonly root: string; readonly issuer: string }
}

/** A configuration file of swtpm. */
const lines = (settings: Record<string, string>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('')

/** Prepares swtpm's own certificate authority (swtpm_localca) in `folder`; its keys are made with the first TPM. */
export async function softwareMaker(folder: string): Promise<SoftwareMaker> {
  const authority = join(folder, 'authority')
  await mkdir(authority)
  const at = (name: string): string => join(authority, name)
  await writeFile(
    at('localca.conf'),
    lines({
      statedir: authority,
      signingkey: at('signkey.pem'),
      issuercert: at('issuercert.pem'),
      certserial: at('certserial'),
    }),
  )
  await writeFile(
    at('localca.options'),
    '--platform-manufacturer BlindLlama\n--platform-version 1\n--platform-model staging\n',
  )
  await writeFile(
    at('setup.conf'),
    lines({
      create_certs_tool: 'swtpm_localca',
      create_certs_tool_config: at('localca.conf'),
      create_certs_tool_options: at('localca.options'),
      active_pcr_banks: 'sha256,sha384',
    }),
  )
  return {
    setupConfig: at('setup.conf'),
    certificates: { root: at('swtpm-localca-rootca-cert.pem'), issuer: at('issuercert.pem') },
  }
}

/** Makes the state of a software TPM in the folder `state`, with endorsement keys that the authority certified (RSA 2048 and P-384). */
export async function manufacture({ setupConfig }: SoftwareMaker, state: string, signal: AbortSignal): Promise<void> {
  const args = ['--tpm2', '--tpmstate', state, '--create-ek-cert', '--config', setupConfig, '--overwrite']
  await promisify(execFile)('swtpm_setup', args, { timeout: 60_000, signal })
}

/** A roots file (docs/PROTOCOL.md §22.3) with this authority, as what it is unless a test says otherwise. */
export async function writeRoots(
  file: string,
  { certificates: { root, issuer } }: SoftwareMaker,
  kind: 'software' | 'virtual' | 'hardware' = 'software',
): Promise<string> {
  const [rootDer, issuerDer] = await Promise.all(
    [root, issuer].map(async (path) => new X509Certificate(await readFile(path)).raw),
  )
  const sha256 = createHash('sha256')
    .update(rootDer ?? '')
    .digest('hex')
  const roots = [{ name: 'swtpm-localca of this machine', kind, sha256 }]
  const certificates = [rootDer, issuerDer].map((der) => der?.toString('base64'))
  await writeFile(file, JSON.stringify({ version: 1, roots, certificates }))
  return file
}
