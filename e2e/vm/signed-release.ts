import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import '../../tools/environment.ts'

const command: string = fileURLToPath(new URL('../../packages/cli/dist/blindllama.js', import.meta.url))
const digest = 'c0'.repeat(32)

/** A developer and an auditor who sign releases, with keys of their own. */
export class Signers {
  readonly #folder: string
  readonly #keys = new Map<string, string>()

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async make(folder: string): Promise<Signers> {
    const signers = new Signers(folder)
    for (const role of ['developer', 'auditor']) {
      const made = JSON.parse(await signers.#release('keygen', signers.#at(`${role}.pem`))) as { key: string }
      signers.#keys.set(role, made.key)
    }
    return signers
  }

  /** The member `releaseKeys` of a policy. */
  trust(minVersion: number): object {
    const keys = [...this.#keys].map(([role, key]) => ({ key, role }))
    return { keys, threshold: { developer: 1, auditor: 1 }, minVersion }
  }

  /**
   * A release as it travels in evidence (PROTOCOL.md §19.1), signed by both: CBOR.
   *
   * @param golden file that `blindllama release measure` wrote
   */
  async release(version: number, golden: string, configDigest: string): Promise<Uint8Array> {
    const manifest = this.#at(`manifest-${version}.json`)
    const policy = this.#at('signers.json')
    const anchors = [{ kind: 'simulated', name: '000b'.padEnd(68, '0'), hierarchy: 'endorsement' }]
    const pcrs = { bank: 'sha256', rules: { 4: 'golden' }, allowPartialCoverage: true }
    const audience = 'release.example'
    await writeFile(policy, JSON.stringify({ version: 1, audience, anchors, pcrs, releaseKeys: this.trust(1) }))
    const about = ['--name', `release ${version}`, '--version', `${version}`, '--min-version', '1', '--days', '30']
    const digests = ['--source-commit', digest.slice(0, 40), '--image-digest', digest, '--model-digest', digest]
    const measured = ['--machine', 'QEMU q35', '--pcrs', golden, '--config-digest', configDigest]
    await this.#release('make', '--out', manifest, ...about, ...digests, ...measured)
    await this.#release('sign', manifest, '--key', this.#at('developer.pem'))
    const auditor = ['countersign', manifest, '--key', this.#at('auditor.pem')]
    const { sha256 } = JSON.parse(await this.#release(...auditor)) as { sha256: string }
    await this.#release(...auditor, '--sha256', sha256, '--policy', policy)
    await this.#release('pack', '--out', this.#folder, '--manifest', manifest)
    return readFile(this.#at('release.cbor'))
  }

  readonly #at = (name: string): string => join(this.#folder, name)

  /** A review ends with 4: it judges and signs nothing. */
  async #release(...words: readonly string[]): Promise<string> {
    const ended = promisify(execFile)(process.execPath, [command, 'release', ...words, '--json'], { timeout: 60_000 })
    const { stdout } = await ended.catch((error: unknown) => {
      if ((error as { code?: unknown }).code === 4) return error as { stdout: string }
      throw error
    })
    return stdout
  }
}
