import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { file, folder, inProcess, type Ran, vector } from './run.js'

export const at = (name: string): string => join(folder, name)
export const release = async (...args: string[]): Promise<Ran> => inProcess('release', ...args)
export const parsed = <T>({ out }: Ran): T => JSON.parse(out) as T

const pcrs = { '0': '11'.repeat(32), '4': '22'.repeat(32) }
const numbers = ['--version', '12', '--min-version', '9', '--days', '30', '--from', '1790000000000', '--machine', 'q35']

/** Makes a manifest in place of any that stands there; `more` comes last, so that it wins over what stands here. */
export async function make(out: string, ...more: string[]): Promise<Ran> {
  const golden = ['--pcrs', file('golden.json', JSON.stringify(pcrs))]
  const digests = ['--source-commit', 'c0'.repeat(20), '--image-digest', '1a'.repeat(32)]
  rmSync(at(out), { force: true })
  return release('make', '--out', at(out), '--name', 'chat', ...numbers, ...digests, ...golden, ...more)
}

/** Makes a key pair. @returns the public key */
export async function keygen(name: string): Promise<string> {
  return parsed<{ key: string }>(await release('keygen', at(`${name}.pem`), '--json')).key
}

export interface Keys {
  keys: { key: string; role: string }[]
  threshold: Record<string, number>
}

/** A whole policy that the verifier reads, with these keys. */
export function policyWith(name: string, releaseKeys: Keys, more: object = {}): string {
  const policy = JSON.parse(vector('ok-ecc').policy) as Record<string, unknown>
  delete policy['releases']
  return file(name, JSON.stringify({ ...policy, releaseKeys, ...more }))
}

export async function sha256Of(name: string): Promise<string> {
  return parsed<{ sha256: string }>(await release('show', at(name), '--json')).sha256
}

/** The keys whose signatures stand in an envelope. */
export async function signersOf(name: string): Promise<string[]> {
  const { signatures } = parsed<{ signatures: { key: string }[] }>(await release('show', at(name), '--json'))
  return signatures.map(({ key }) => key)
}
