import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const command = fileURLToPath(new URL('../../packages/cli/dist/blindllama.js', import.meta.url))

interface Envelope {
  readonly payload: string
}

/** Keys of a test, and the policies that the command `blindllama` signs with them. */
export class PolicySigners {
  readonly #folder: string
  #signed = 0

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async start(): Promise<PolicySigners> {
    return new PolicySigners(await mkdtemp(join(tmpdir(), 'blindllama-policy-')))
  }

  async stop(): Promise<void> {
    await rm(this.#folder, { recursive: true })
  }

  /** Makes a key of that name, and gives its public part. */
  async key(name: string): Promise<string> {
    return (await this.#run<{ key: string }>('release', 'keygen', this.#at(`${name}.pem`))).key
  }

  /** A signed policy by the keys of these names, dated now. */
  async sign(policy: string, [first = '', ...others]: readonly string[]): Promise<string> {
    this.#signed += 1
    const [plain, out] = [this.#at('policy.json'), this.#at(`signed-${this.#signed}.json`)]
    await writeFile(plain, policy)
    const key = (name: string): string => this.#at(`${name}.pem`)
    const { sha256 } = await this.#run<{ sha256: string }>('policy', 'sign', plain, '--out', out, '--key', key(first))
    for (const name of others) await this.#run('release', 'sign', out, '--key', key(name), '--sha256', sha256)
    return readFile(out, 'utf8')
  }

  #at(name: string): string {
    return join(this.#folder, name)
  }

  async #run<T>(...args: readonly string[]): Promise<T> {
    const { stdout } = await promisify(execFile)(process.execPath, [command, ...args, '--json'])
    return JSON.parse(stdout) as T
  }
}

/** The policy in a signed document, without its signatures. */
export function policyIn(signed: string): string {
  const { payload } = JSON.parse(signed) as Envelope
  return (JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as { policy: string }).policy
}

/** A signed document whose policy has another byte, which still reads. */
export function changedPayload(signed: string): string {
  const envelope = JSON.parse(signed) as Envelope
  const payload = Buffer.from(envelope.payload, 'base64').toString('utf8')
  // A space in the policy's own text: it means the same, and is another document.
  const changed = payload.replace('"policy":"{', '"policy":" {').replace('"policy": "{', '"policy": " {')
  return JSON.stringify({ ...envelope, payload: Buffer.from(changed).toString('base64') })
}
