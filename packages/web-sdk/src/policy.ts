import type { Assurance, Upstream } from './verdict.js'

/**
 * What knows an attestation key (PROTOCOL.md §7). `name` is its TPM Name: 000B and SHA-256, 34 bytes in hex, or the longer Names of SHA-384 and
 * SHA-512; `names` up to 256 of them, one of which the key has; `rootSha256` the hash of the root certificate of its chain (§17.4), in hex.
 */
export type SingleAnchor = (
  | ({
      kind: 'ak-name'
      /** What the author of the policy knows of this key. */
      assurance: Exclude<Assurance, 'simulated' | 'cvm-bound'>
      /** SHA-256 in hex of the record of each Name, in their order: the author enrolled the keys (§22). */
      enrolment?: string[]
    } & ({ name: string; names?: never } | { names: string[]; name?: never }))
  | { kind: 'simulated'; name: string }
  | { kind: 'azure'; rootSha256: string; vm?: 'confidential' | 'trusted' }
  | {
      kind: 'gcp'
      rootSha256: string
      /** Decimal. This or `projectId` is required. */
      projectNumber?: string
      projectId?: string
      zone?: string
      /** Decimal. */
      instanceId?: string
      instanceName?: string
    }
  | { kind: 'custom-ca'; rootSha256: string }
) & {
  /** The quote has to name the key as an endorsement primary. Under `azure` and `gcp` it always has to. */
  hierarchy?: 'endorsement'
  /** 16 digits in hex, as verdicts show it; where the hierarchy is checked. */
  minFirmwareVersion?: string
}

/**
 * An entry of `anchors`. `allOf`: each of 2 to 4 anchors has to vouch for the key, for instance the cloud's certificate and the operator's own
 * list. None of them is `simulated`, and no two have one root.
 *
 * @example
 * ```ts
 * const anchor: Anchor = {
 *   allOf: [
 *     { kind: 'azure', rootSha256: 'e6c5…' },
 *     { kind: 'ak-name', names: ['000b…', '000b…'], assurance: 'cloud-vtpm' },
 *   ],
 * }
 * ```
 */
export type Anchor = SingleAnchor | { allOf: Exclude<SingleAnchor, { kind: 'simulated' }>[] }

/** What the events of a PCR are compared with (§16): `times` is the least and the most of them, by default 1 and 1. */
export type EventRule = (
  | { digests: string[] }
  | { data: string }
  | { text: string }
  | { separator: true }
  | { variable: { guid: string; name: string; data?: string; dataSha256?: string[] } }
) & { times?: [number, number] }

/** `events` for the PCRs of firmware, 0 to 3 and 5 to 7; `config` for PCR 14 and `instance` for PCR 15 (PROTOCOL.md §7.2). */
export type PcrRule = 'golden' | 'untouched' | 'config' | 'instance' | 'unchecked' | { events: EventRule[] }

/** `kem-kdf-aead`. Naming suites of `mlkem768x25519` alone demands post-quantum keys of every visitor's engine. */
export type SuiteName = `${'x25519' | 'mlkem768x25519'}-sha256-${'aes128gcm' | 'aes256gcm' | 'chacha20poly1305'}`

/** Reference values of one released image. PCR values and digests in hex. */
export interface Release {
  name: string
  /** PCR index to value: every `golden` index and no other. */
  pcrs: Record<string, string>
  configDigests?: string[]
}

/** The least versions of what a processor trusts, 0 to 255 each (PROTOCOL.md §18.1). */
export interface ProcessorVersions {
  bootloader: number
  tee: number
  snp: number
  microcode: number
}

/**
 * The firmware of a confidential machine that has to hold the attestation key (PROTOCOL.md §18.1); digests and identifiers in hex. It is
 * named by its measurement, or by who signed it: then `minGuestSvn` says from which version on.
 */
export type Platform = {
  kind: 'azure-snp'
  /** Lines of processors, each by AMD's root and with the least versions that run, were committed, are reported and were started on. */
  processors: { arkSha256: string; minTcb: ProcessorVersions }[]
} & (
  | { idKeyDigests: string[]; minGuestSvn: number; familyId?: string; imageId?: string; measurements?: string[] }
  | { measurements: string[]; idKeyDigests?: never; minGuestSvn?: never; familyId?: never; imageId?: never }
)

/**
 * What the author of the page demands of the service (PROTOCOL.md §7). It is the root of all trust: pin it in the page.
 * The verifier reads its JSON text with a strict reader, whatever this type lets through.
 */
export interface Policy {
  version: 1
  /** Default: the ASCII origin of the service's base URL. */
  audience?: string
  /** The first that matches decides the assurance. */
  anchors: Anchor[]
  /** Default: `cloud-vtpm`, `cvm-bound`, `hardware-tpm`. */
  acceptAssurance?: Assurance[]
  /** Default: `in-image`, `attested`. */
  acceptUpstream?: Upstream[]
  pcrs: {
    bank: 'sha256' | 'sha384'
    /** PCR index to rule; the quoted selection must be exactly these. */
    rules: Record<string, PcrRule>
    /** What the event log must explain: these, or of the quoted ones those that it can. Default: no log is asked for. */
    replay?: 'quoted' | number[]
    /**
     * Default: false. A PCR that decides which software runs and that has no rule (PROTOCOL.md §7.1) fails the step `pcr.coverage`; with true the
     * step warns.
     */
    allowPartialCoverage?: boolean
  }
  releases?: Release[]
  /** Accepted for every release, in hex (PROTOCOL.md §12). */
  configDigests?: string[]
  platform?: Platform
  /** 1000 to 86400000, default 3600000. */
  maxAgeMs?: number
  requireSafeClock?: boolean
  /** Refuse a machine whose TPM went back since an earlier visit; `connect` must be given a `state`. */
  requireMonotonicState?: boolean
  suites?: SuiteName[]
}
