import { ownPcrRules, pcrRules } from './measurements.ts'

export interface PolicyInput {
  /** Name of the attestation key, hexadecimal. */
  readonly akName: string
  /** Index to value, hexadecimal: what the measured files must lead to. */
  readonly golden: ReadonlyMap<number, string>
  readonly configDigest: string
  readonly upstream: 'in-image' | 'unattested'
  /** Whether PCR 14 and 15 have the configuration and the process of the gateway. */
  readonly measuresItself?: boolean
}

/** A service name, not an address: staging listens on whatever port is free. */
export const audience = 'staging.blindllama.example'

/** The policy that a page pins (PROTOCOL.md §7), as the JSON text that the verifier reads. */
export function writePolicy({ akName, golden, configDigest, upstream, measuresItself = false }: PolicyInput): string {
  // Where the model runs elsewhere nothing is measured into its PCR: then nobody else may have either.
  const rules = Object.fromEntries(
    Object.entries(pcrRules).map(([pcr, rule]) => [pcr, golden.has(Number(pcr)) ? rule : ('untouched' as const)]),
  )
  const goldenPcrs = Object.keys(rules).filter((pcr) => rules[pcr] === 'golden')
  const policy = {
    version: 1,
    audience,
    anchors: [{ kind: 'simulated', name: akName, hierarchy: 'endorsement' }],
    acceptAssurance: ['simulated'],
    acceptUpstream: [upstream],
    pcrs: { bank: 'sha256', rules: { ...rules, ...(measuresItself ? ownPcrRules : {}) }, replay: 'quoted' },
    releases: [
      {
        name: 'staging of this checkout',
        pcrs: Object.fromEntries(goldenPcrs.map((pcr) => [pcr, golden.get(Number(pcr))])),
        configDigests: [configDigest],
      },
    ],
  }
  return JSON.stringify(policy, null, 2)
}
