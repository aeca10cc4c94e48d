import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { run } from '../../src/run.js'
import { bundleVector } from '../../../../tools/vectors/receipt-file.ts'

export { bundleVector as vector } from '../../../../tools/vectors/receipt-file.ts'

export interface Ran {
  exitCode: number
  out: string
  err: string
}

/** Runs the command as it is built for publication, with `env` beside the environment of the test. */
export async function blindllama(...args: string[]): Promise<Ran> {
  return runAs({}, ...args)
}

export async function runAs(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [inject('command'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  const ran = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (ran.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (ran.err += text))
  const [exitCode] = (await once(child, 'close')) as [number]
  return { exitCode, ...ran }
}

export const folder: string = mkdtempSync(join(tmpdir(), 'blindllama-cli-'))

/** A file of this test run. */
export function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** The arguments that judge a vector, with its parts in files. */
export function argumentsOf(name: string): string[] {
  const { evidence, policy, audience, nonce, nowMs } = bundleVector(name)
  const bundle = file(`${name}.cbor`, Buffer.from(evidence, 'hex'))
  const rules = file(`${name}.policy.json`, policy)
  return [bundle, '--policy', rules, '--nonce', nonce, '--audience', audience, '--at', String(nowMs)]
}

/** Runs the command's sources in this process: the same code without the cost of a process, for tests that need many runs. */
export async function inProcess(...args: string[]): Promise<Ran> {
  const ran = { out: '', err: '' }
  const exitCode = await run(args, {
    out: (text) => (ran.out += String(text)),
    err: (text) => (ran.err += String(text)),
    color: false,
  })
  return { exitCode, ...ran }
}
