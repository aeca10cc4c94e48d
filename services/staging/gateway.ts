import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import '../../tools/environment.ts'
import { artifacts } from './artifacts.ts'
import { Child } from './child.ts'
import { parseEvent } from './log-line.ts'
import { ownPcrRules, pcrRules } from './measurements.ts'
import { audience } from './policy.ts'

export interface GatewaySettings {
  readonly tcti: string
  /** Port of 127.0.0.1, 0 for a free one. */
  readonly port: number
  /** Path segment by which proxies route; left out: random at every start. */
  readonly instance?: string | undefined
  readonly upstream: {
    readonly url: string
    readonly kind: 'in-image' | 'unattested'
    /** What the model server keeps of prompts. */
    readonly prompt_cache: 'shared' | 'none'
  }
  /** Origins of pages that may call. */
  readonly origins: readonly string[]
  readonly eventLog: string
  /** The gateway extends PCR 15, and PCR 14 is quoted with it. */
  readonly measuresItself?: boolean
  /** Further settings by section, for tests that need a short epoch or a low limit. */
  readonly extra: Readonly<Record<string, Readonly<Record<string, TomlValue>>>>
}

export type TomlValue = string | number | boolean | readonly string[] | readonly number[]

/** Writes the configuration file, with the names of packages/gateway/gateway.example.toml. */
export async function writeConfig(folder: string, settings: GatewaySettings): Promise<string> {
  const { tcti, port, instance, upstream, origins, eventLog, measuresItself = false, extra } = settings
  const pcrs = Object.keys({ ...pcrRules, ...(measuresItself ? ownPcrRules : {}) }).map(Number)
  const sections: Record<string, Record<string, TomlValue>> = {
    tpm: { tcti },
    attestation: { pcrs, extend_instance: measuresItself, event_logs: [eventLog] },
    upstream: { ...upstream },
    cors: { origins },
  }
  for (const [name, values] of Object.entries(extra)) sections[name] = { ...sections[name], ...values }
  const lines = [`listen = "127.0.0.1:${port}"`, `audiences = ["${audience}"]`]
  if (instance !== undefined) lines.push(`instance = "${instance}"`)
  for (const [name, values] of Object.entries(sections)) {
    lines.push('', `[${name}]`, ...Object.entries(values).map(([key, value]) => `${key} = ${toToml(value)}`))
  }
  const path = join(folder, 'gateway.toml')
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 })
  return path
}

/** JSON's texts, numbers and lists of them are TOML as well. */
function toToml(value: TomlValue): string {
  return JSON.stringify(value)
}

/** Digest of the settings (PROTOCOL.md §12), hexadecimal: computed from the file, without a TPM. */
export async function configDigest(config: string, signal: AbortSignal): Promise<string> {
  return (await ask('config-digest', config, signal)).trim()
}

/** Measures these settings into PCR 14, once after the start of the TPM. */
export async function extendConfig(config: string, signal: AbortSignal): Promise<void> {
  await ask('extend-config', config, signal)
}

/** Name of the attestation key that the TPM makes for this gateway, hexadecimal: what an operator enrols. */
export async function attestationKeyName(config: string, signal: AbortSignal): Promise<string> {
  const { name } = JSON.parse(await ask('ak', config, signal)) as { name: string }
  return name
}

async function ask(command: string, config: string, signal: AbortSignal): Promise<string> {
  const args = [command, '--config', config]
  const { stdout } = await promisify(execFile)(artifacts.gateway, args, { timeout: 20_000, env: {}, signal })
  return stdout
}

/** Starts the gateway and waits until it can make a fresh quote. */
export async function startGateway(
  config: string,
  folder: string,
  signal: AbortSignal,
): Promise<{ child: Child; url: string }> {
  const child = new Child({
    name: 'the gateway',
    command: artifacts.gateway,
    args: ['serve', '--config', config],
    log: join(folder, 'gateway.log'),
    signal,
    // No proxy has to be told: SIGTERM would give it time to notice.
    stopSignal: 'SIGINT',
  })
  const { address } = await child.line((line) => parseEvent(line, 'start'), 60_000)
  const url = `http://${String(address)}/`
  await child.until(async () => (await fetch(`${url}blindllama/v1/health`)).ok, 60_000)
  return { child, url }
}
