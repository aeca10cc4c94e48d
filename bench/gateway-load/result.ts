import type { Quartiles } from '../statistics.js'

/** What was measured, beside what tells one machine from another. */
export interface LoadResult {
  machine: {
    processor: string
    cores: number
    /** Load average of a minute, before the first measurement. */
    load: number
    /** Of a fixed piece of JavaScript. */
    javascriptMs: number
  }
  crypto: Crypto
  cpu: CpuCase[]
  memory: Memory
  attestation: Attestation
  attacks: Attack[]
}

/** The least that a request costs, in microseconds: the best of several runs. */
export interface Crypto {
  /** One agreement on X25519. */
  x25519Us: number
  /** From an encapsulated key to the context of a request. */
  receiveUs: number
  /** The same with the arithmetic of the crate `hpke`. */
  portableReceiveUs: number
  /** The same for MLKEM768-X25519. */
  hybridReceiveUs: number
  /** The same with the arithmetic of Rust crates. */
  portableHybridUs: number
}

/** The gateway's processor time of a request against the proxy's, pair by pair. */
export interface ProxyComparison {
  us: Quartiles
  /** Plain over ours. */
  ratio: Quartiles
  extraUs: Quartiles
}

export interface CpuCase {
  answer: string
  /** Of the answer. */
  bytes: number
  pairs: number
  plainUs: Quartiles
  /** As configured by default: events padded to 512 bytes. */
  padded: ProxyComparison
  /** With `channel.event_bucket_bytes = 0`. */
  unpadded: ProxyComparison
}

/** Bytes of heap and stacks (`Pss_Anon`) that an open stream adds. */
export interface Memory {
  streams: number
  plainBytes: Quartiles
  oursBytes: Quartiles
  extraBytes: Quartiles
}

export interface Attestation {
  /** Clients that ask again as soon as they have their answer. */
  waiting: number
  perSecond: number
  p50Ms: number
  p99Ms: number
  /** How many the verifier judged and passed. */
  verified: number
  /** Processor time of the gateway for each, in microseconds. */
  gatewayUs: number
}

/** Genuine requests, one after the other, while strangers hold what they can. */
export interface Attack {
  attack: string
  asked: number
  answered: number
  /** Before the attack. */
  quietP99Ms: number
  attackedP99Ms: number
  /** Resident memory that the attack adds to the gateway. */
  memoryBytes: number
}
