/** What a vector ended in: `ok`, or the code of the first check that failed. */
export interface Outcome {
  readonly name: string
  readonly code: string
}
/** Of the WebAssembly, without the glue. */
export type Exports = Readonly<Record<string, unknown>> & {
  readonly memory: WebAssembly.Memory
}
/** The exports of the verifier's packages; `checkQuote` and what follows are in `pkg-vectors` alone. */
export interface VerifierModule {
  /** What the WebAssembly itself exports: of the instance that the last call had. */
  readonly exports: Exports
  verify: (
    evidence: Uint8Array,
    staticPart: Uint8Array | undefined,
    policy: Uint8Array,
    audience: string,
    nonce: Uint8Array,
    now: number,
    allowSimulated: boolean,
    versions: Uint32Array,
    suites: Uint16Array,
    state: Uint8Array | undefined,
  ) => string
  verifyReceipt: (
    evidence: Uint8Array,
    staticPart: Uint8Array | undefined,
    policy: Uint8Array,
    audience: string,
    nonce: Uint8Array,
    now: number,
    allowSimulated: boolean,
    salt: Uint8Array | undefined,
    request: Uint8Array,
    response: Uint8Array,
    modelDigest: Uint8Array,
    signature: Uint8Array | undefined,
    currentStatus: Uint8Array | undefined,
    statusNow: number,
  ) => string
  staticPart: (evidence: Uint8Array) => Uint8Array | undefined
  checkQuote?: (
    ak: Uint8Array,
    akIsSpki: boolean,
    endorsement: boolean,
    attest: Uint8Array,
    signature: Uint8Array,
    extraData: Uint8Array,
    bank: string,
    indices: Uint8Array,
    values: Uint8Array,
  ) => string
  checkChain?: (chain: Uint8Array, lengths: Uint32Array, rootSha256: Uint8Array, now: number) => string
  explainEventLog?: (log: Uint8Array) => string
}
/** Loads `pkg` or `pkg-vectors`, which must be built. `started` gets every instance before it is called. */
export declare function loadVerifier(
  name: 'pkg' | 'pkg-vectors',
  started?: (exports: Exports) => void,
): Promise<VerifierModule>
