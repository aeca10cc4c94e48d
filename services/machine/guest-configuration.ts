import { audience } from '../staging/policy.ts'
import type { TomlValue } from '../staging/gateway.ts'

/** Settings by section; the top level's are under the empty name. */
export type Settings = Readonly<Record<string, Readonly<Record<string, TomlValue>>>>

/** The configuration of the gateway in a machine, TOML. The image sets TPM, measurements, event log and model server itself. */
export function guestConfiguration(origins: readonly string[], extra: Settings = {}): string {
  const sections: Record<string, Record<string, TomlValue>> = {
    '': { audiences: [audience] },
    cors: { origins },
    // A small machine: what is not there cannot be filled.
    limits: { streams: 32, connections: 256, arriving: 32 },
  }
  for (const [name, values] of Object.entries(extra)) sections[name] = { ...sections[name], ...values }
  return Object.entries(sections)
    .map(([name, values]) => {
      // JSON's texts, numbers and lists of them are TOML as well.
      const lines = Object.entries(values).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
      return `${name === '' ? '' : `\n[${name}]\n`}${lines.join('')}`
    })
    .join('')
}
