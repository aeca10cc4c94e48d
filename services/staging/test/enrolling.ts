import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { onTestFinished } from 'vitest'
import '../../../tools/environment.ts'
import type { Child } from '../child.ts'
import { encodeEventLog } from '../event-log.ts'
import { attestationKeyName, startGateway, writeConfig } from '../gateway.ts'
import { softwareMaker, type SoftwareMaker } from '../manufacture.ts'
import { startSoftwareTpm, type SoftwareTpm } from '../swtpm.ts'

const main: string = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url))

/** How a command ended, and its JSON. */
export interface Ran {
  exitCode: number
  said: Record<string, unknown>
  /** What it wrote to standard error. */
  warned: string
}

/** An answer of the endpoint, or a problem. */
export type Answer = Record<string, unknown>

/** A gateway in front of a TPM, where the enroller may enrol. */
export interface EnrollingGateway {
  url: string
  akName: string
}

/** TPMs that a software maker certified, and gateways in front of them. */
export class EnrolmentScene {
  readonly folder: string
  /** Public key of the enroller, whose private half is the file `enroller.pem`. */
  readonly enroller: string
  readonly maker: SoftwareMaker
  readonly #abort = new AbortController()
  readonly #children: Child[] = []

  private constructor(folder: string, enroller: string, maker: SoftwareMaker) {
    this.folder = folder
    this.enroller = enroller
    this.maker = maker
  }

  static async make(): Promise<EnrolmentScene> {
    const folder = mkdtempSync(join(tmpdir(), 'blindllama-enrolment-'))
    const made = await blindllama('release', 'keygen', join(folder, 'enroller.pem'))
    return new EnrolmentScene(folder, made.said['key'] as string, await softwareMaker(folder))
  }

  at(name: string): string {
    return join(this.folder, name)
  }

  async certifiedTpm(name: string): Promise<SoftwareTpm> {
    mkdirSync(this.at(name))
    const tpm = await startSoftwareTpm(this.at(name), this.#abort.signal, this.maker)
    this.#children.push(tpm.child)
    return tpm
  }

  /** The gateway uses the folder of the TPM of this name, and has the settings of `extra` as well. */
  async gateway(name: string, tpm: SoftwareTpm, extra: object = {}): Promise<EnrollingGateway> {
    const own = this.at(name)
    const eventLog = join(own, 'event.log')
    writeFileSync(eventLog, encodeEventLog([]))
    const config = await writeConfig(own, {
      tcti: tpm.tcti,
      port: 0,
      upstream: { url: 'http://127.0.0.1:9', kind: 'in-image', prompt_cache: 'none' },
      origins: ['*'],
      eventLog,
      extra: { enrolment: { keys: [this.enroller] }, ...extra },
    })
    const akName = await attestationKeyName(config, this.#abort.signal)
    const started = await startGateway(config, own, this.#abort.signal)
    this.#children.push(started.child)
    return { url: started.url, akName }
  }

  /** Ends with the scene. */
  keep(child: Child): Child {
    this.#children.push(child)
    return child
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  async stop(): Promise<void> {
    for (const child of this.#children.toReversed()) await child.stop()
    this.#abort.abort()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A command line of `blindllama` with `env` beside the environment of the test, and its JSON. */
export async function blindllamaWith(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ran> {
  const line = ['--import', import.meta.resolve('tsx'), main, ...args, '--json']
  const ended = promisify(execFile)(process.execPath, line, { env: { ...process.env, ...env } })
  const { code, stdout, stderr } = await ended.then(
    (done) => ({ code: 0, ...done }),
    (error: unknown) => error as { code: number; stdout: string; stderr: string },
  )
  return { exitCode: code, said: JSON.parse(stdout) as Record<string, unknown>, warned: stderr }
}

export async function blindllama(...args: string[]): Promise<Ran> {
  return blindllamaWith({}, ...args)
}

/** A service in front of the gateway at `base` that changes its answers to signed requests, until the test ends. */
export async function between(change: (answer: Answer) => Answer, base: string): Promise<string> {
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', async () => {
      const body = Buffer.concat(parts)
      const asked = request.method === 'POST' ? (JSON.parse(body.toString()) as Answer) : undefined
      const path = new URL(request.url ?? '', base)
      const answer = await fetch(path, asked ? { method: 'POST', body } : {})
      const text = (await answer.json()) as Answer
      response.writeHead(answer.status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(asked && answer.ok ? change(text) : text))
    })
  })
  onTestFinished(() => void server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** By the schema of this name in spec/. */
export function isValid(name: string, value: unknown): boolean {
  const schema = readFileSync(new URL(`../../../spec/${name}.schema.json`, import.meta.url), 'utf8')
  return new Ajv2020().compile(JSON.parse(schema) as object)(value)
}

/** A tool of tpm2-tools on this TPM. */
export const tpmTool = (tpm: SoftwareTpm, name: string, ...args: string[]): Buffer =>
  execFileSync(name, ['-T', tpm.tcti, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
