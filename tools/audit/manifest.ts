import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { integrity } from '../release-check/tarball.ts'
import { compareFiles, type Files } from './compare.ts'

const command: string = fileURLToPath(new URL('../../packages/cli/dist/blindllama.js', import.meta.url))

/** A client manifest, PROTOCOL.md §19.8. */
export interface ClientManifest {
  readonly name: string
  readonly sourceCommit: string
  readonly files: readonly { readonly path: string; readonly sha256: string; readonly integrity: string }[]
}

export interface ManifestInput {
  /** File of the signed manifest. */
  readonly manifest: string
  /** File of the policy whose keys have to have signed it. */
  readonly policy: string
  /** Files of the successors of these keys, oldest first. */
  readonly keySets: readonly string[]
  /** File with the proof of its log. */
  readonly proof: string | undefined
}

/**
 * Reads a manifest that the keys of the policy have signed, and that is in the policy's log where it names one.
 *
 * @throws {Error} with what `blindllama release show` says
 */
export async function verifiedManifest({ manifest, policy, keySets, proof }: ManifestInput): Promise<ClientManifest> {
  const { log } = JSON.parse(await readFile(policy, 'utf8')) as { log?: object }
  if (log !== undefined && proof === undefined)
    throw new Error(`${policy} demands that documents are in a log: name the proof of the manifest with --proof`)
  const words = ['release', 'show', manifest, '--policy', policy, '--json']
  for (const file of keySets) words.push('--key-set', file)
  if (proof !== undefined) words.push('--proof', proof)
  const shown = promisify(execFile)(process.execPath, [command, ...words], { timeout: 60_000 })
  const { stdout } = await shown.catch((error: { stdout?: string; stderr?: string }) => {
    throw new Error(`${manifest} does not count under ${policy}: ${told(error)}`, { cause: error })
  })
  const { kind, document } = JSON.parse(stdout) as { kind: string; document: ClientManifest }
  if (kind !== 'client') throw new Error(`${manifest} is a ${kind}, and the manifest of a client is expected`)
  return document
}

function told({ stdout = '', stderr = '' }: { stdout?: string; stderr?: string }): string {
  try {
    const { code, message, roles } = JSON.parse(stdout) as Record<string, unknown>
    return code === undefined ? `signatures by role: ${JSON.stringify(roles)}` : `${String(message)} (${String(code)})`
  } catch {
    return stderr.trim() || stdout.trim()
  }
}

/** In sentences, how a manifest differs from what its commit leads to. @param commit hexadecimal, that was rebuilt */
export function manifestFaults(
  { files, sourceCommit }: ClientManifest,
  rebuilt: Files,
  commit: string,
): readonly string[] {
  const faults: string[] = []
  if (sourceCommit !== commit)
    faults.push(`the manifest is of commit ${sourceCommit}, and ${commit} was rebuilt: name it with --commit`)
  const named = new Map(files.map((file) => [file.path, file]))
  if (named.size !== files.length) faults.push('the manifest names a path twice')
  // Hashes of the rebuilt files alone: those of the manifest stand beside them.
  const rows = compareFiles(rebuilt, new Map())
  for (const { path, rebuilt: own } of rows) {
    const file = named.get(path)
    const content = rebuilt.get(path)
    if (file === undefined) faults.push(`${path} is not in the manifest`)
    else if (file.sha256 !== own) faults.push(`${path} differs: rebuilt ${own}, in the manifest ${file.sha256}`)
    else if (content !== undefined && file.integrity !== integrity(content))
      faults.push(`${path}: the manifest has another value for integrity than its bytes: ${file.integrity}`)
  }
  const known = new Set(rows.map(({ path }) => path))
  for (const path of named.keys())
    if (!known.has(path)) faults.push(`${path} is in the manifest, and the commit has it not`)
  return faults
}
