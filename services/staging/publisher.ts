import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import '../../tools/environment.ts'
import { buildGo } from '../../tools/run/go.ts'
import { releaseLog } from './artifacts.ts'
import { startWitness, type Witness } from './witness.ts'

const command: string = fileURLToPath(new URL('../../packages/cli/dist/blindllama.js', import.meta.url))

/** Name of the log. No address: a proof travels with its document. */
export const logOrigin = 'log.example/staging'

const signers = ['developer', 'auditor', 'office'] as const
const witnessNames = ['a', 'b', 'c'] as const
/** More than half of them. */
const quorum = 2

const witnessName = (name: string): string => `witness.example/${name}`

/** How old a status may be: the publisher of a staging that runs for days has to sign a new one. */
export const statusMaxAgeMs: number = 7 * 86_400_000

export interface ReleaseInput {
  readonly name: string
  readonly version: number
  readonly minVersion?: number
  /** File that `blindllama release measure` wrote. */
  readonly golden: string
  /** SHA-256 of image and model, hexadecimal. */
  readonly imageDigest: string
  readonly modelDigest: string
  readonly sourceCommit: string
  /** The shape of machine, for people. */
  readonly machine: string
}

/** Members of a policy that trust this publisher (PROTOCOL.md §19.3). */
export interface Trust {
  readonly releaseKeys: object
  readonly status: object
  readonly log: object
}

/**
 * Those who publish releases, with keys of their own: a developer and an auditor who sign them, an office that signs the status, a log, and
 * three witnesses. Each step is a command of `blindllama release`, as they would run it on machines of their own.
 */
export class Publisher {
  readonly folder: string
  readonly #keys: ReadonlyMap<string, string>
  readonly #witnesses: readonly Witness[]

  private constructor(folder: string, keys: ReadonlyMap<string, string>, witnesses: readonly Witness[]) {
    this.folder = folder
    this.#keys = keys
    this.#witnesses = witnesses
  }

  /**
   * Makes keys, and starts the witnesses.
   *
   * @param folder a private one, which is made: documents, keys, and the log below `log`
   */
  static async start(folder: string, signal: AbortSignal): Promise<Publisher> {
    await mkdir(folder, { recursive: true })
    buildGo('services/release-log', releaseLog)
    const keys = new Map<string, string>()
    const names = [...signers, 'log', ...witnessNames.map((name) => `witness-${name}`)]
    await Promise.all(
      names.map(async (name) => {
        const { key } = await releaseCommand<{ key: string }>('keygen', join(folder, `${name}.pem`))
        keys.set(name, key)
      }),
    )
    const witnesses: Witness[] = []
    try {
      for (const name of witnessNames)
        witnesses.push(
          await startWitness({
            tool: releaseLog,
            name: witnessName(name),
            key: join(folder, `witness-${name}.pem`),
            state: join(folder, `witness-${name}.state`),
            log: { origin: logOrigin, key: keys.get('log') ?? '' },
            output: join(folder, `witness-${name}.log`),
            signal,
          }),
        )
    } catch (error) {
      for (const { child } of witnesses) await child.stop()
      throw error
    }
    const lines = witnesses.map(({ vkey, address }, index) => `witness ${witnessNames[index]} ${vkey} ${address}\n`)
    await writeFile(
      join(folder, 'witnesses'),
      `${lines.join('')}group enough ${quorum} ${witnessNames.join(' ')}\nquorum enough\n`,
    )
    return new Publisher(folder, keys, witnesses)
  }

  /** @param floor lower versions are refused */
  trust(floor = 1): Trust {
    const key = this.key.bind(this)
    const roles = ['developer', 'auditor']
    return {
      releaseKeys: {
        keys: roles.map((role) => ({ key: key(role), role })),
        threshold: { developer: 1, auditor: 1 },
        minVersion: floor,
      },
      status: {
        maxAgeMs: statusMaxAgeMs,
        signers: { keys: [{ key: key('office'), role: 'status' }], threshold: { status: 1 } },
      },
      log: {
        origin: logOrigin,
        key: key('log'),
        witnesses: witnessNames.map((name) => ({ name: witnessName(name), key: key(`witness-${name}`) })),
        threshold: quorum,
      },
    }
  }

  /** A public key in hexadecimal, by the name of its holder. */
  key(name: string): string {
    return this.#keys.get(name) ?? ''
  }

  /** A policy that trusts this publisher, for those who judge documents: no service passes it. JSON. */
  policy(): string {
    const anchors = [{ kind: 'simulated', name: '000b'.padEnd(68, '0'), hierarchy: 'endorsement' }]
    const pcrs = { bank: 'sha256', rules: { 4: 'golden' }, allowPartialCoverage: true }
    return JSON.stringify({ version: 1, audience: 'release.example', anchors, pcrs, ...this.trust() })
  }

  /** Makes a release, has both sign it, and puts it into the log. */
  async release(input: ReleaseInput): Promise<void> {
    const { name, version, minVersion = 1, golden, imageDigest, modelDigest, sourceCommit, machine } = input
    const manifest = this.at('manifest.json')
    // The command replaces no document that is signed.
    await rm(manifest, { force: true })
    const numbers = ['--version', `${version}`, '--min-version', `${minVersion}`, '--days', '90']
    const digests = ['--source-commit', sourceCommit, '--image-digest', imageDigest, '--model-digest', modelDigest]
    const about = ['--name', name, '--machine', machine, '--pcrs', golden]
    const { sha256 } = await releaseCommand<{ sha256: string }>(
      'make',
      '--out',
      manifest,
      ...about,
      ...numbers,
      ...digests,
    )
    await this.#signByBoth(manifest, sha256)
  }

  /**
   * Makes the manifest of a client (PROTOCOL.md §19.8), has both sign it, and puts it into the log.
   *
   * @param input.folder `dist` of the built package
   * @returns the file; its proof stands beside it, as `.proof`
   */
  async client(input: {
    readonly name: string
    readonly folder: string
    readonly sourceCommit: string
  }): Promise<string> {
    const manifest = this.at('client.json')
    await rm(manifest, { force: true })
    const about = ['--name', input.name, '--source-commit', input.sourceCommit]
    const made = await releaseCommand<{ sha256: string }>('client', input.folder, '--out', manifest, ...about)
    await this.#signByBoth(manifest, made.sha256)
    return manifest
  }

  /** Makes a status as of now, has the office sign it, and puts it into the log. @param what options of `release status` */
  async status(...what: readonly string[]): Promise<void> {
    const status = this.at('status.json')
    await rm(status, { force: true })
    await releaseCommand('status', '--out', status, ...what)
    await releaseCommand('sign', status, '--key', this.at('office.pem'))
    await this.#publish(status)
  }

  /** Packs release and status with their proofs. @returns the files */
  async pack(): Promise<readonly string[]> {
    const [manifest, status] = [this.at('manifest.json'), this.at('status.json')]
    const documents = ['--manifest', manifest, '--status', status]
    const proofs = [manifest, status].flatMap((file) => ['--proof', `${file}.proof`])
    const { files } = await releaseCommand<{ files: string[] }>('pack', '--out', this.folder, ...documents, ...proofs)
    return files
  }

  /** The same as a disk of documents (PROTOCOL.md §24.7); one that is there is changed in place. */
  async writeDisk(disk: string): Promise<void> {
    await releaseCommand('disk', ...(await this.pack()), '--out', disk)
  }

  async stop(): Promise<void> {
    for (const { child } of this.#witnesses) await child.stop()
  }

  /** A file of the publisher: `manifest.json`, `status.json`, or a key. */
  at(name: string): string {
    return join(this.folder, name)
  }

  /** Signs as the developer, reviews and countersigns as the auditor, and publishes. @param sha256 of the document that was made */
  async #signByBoth(file: string, sha256: string): Promise<void> {
    const policy = this.at('signers.json')
    await writeFile(policy, this.policy())
    await releaseCommand('sign', file, '--key', this.at('developer.pem'), '--sha256', sha256)
    const auditor = ['countersign', file, '--key', this.at('auditor.pem')]
    const reviewed = await releaseCommand<{ sha256: string }>(...auditor)
    await releaseCommand(...auditor, '--sha256', reviewed.sha256, '--policy', policy)
    await this.#publish(file)
  }

  async #publish(file: string): Promise<void> {
    const proof = `${file}.proof`
    const log = ['--log', this.at('log'), '--origin', logOrigin, '--log-key', this.at('log.pem')]
    const more = ['--witnesses', this.at('witnesses'), '--proof', proof, '--tool', releaseLog]
    await releaseCommand('publish', file, ...log, ...more)
  }
}

/** Runs `blindllama release`, and gives its result. A review ends with 4: it judges and signs nothing. */
async function releaseCommand<Result = unknown>(...words: readonly string[]): Promise<Result> {
  const ended = promisify(execFile)(process.execPath, [command, 'release', ...words, '--json'], { timeout: 60_000 })
  const { stdout } = await ended.catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 4) return error as { stdout: string }
    throw error
  })
  return JSON.parse(stdout) as Result
}
