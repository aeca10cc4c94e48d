import { readFileSync } from 'node:fs'
import type { Verdict } from '../../packages/verifier-wasm/ts/verdict.ts'
import type { Glue, VerifyInput, VerifyReceiptInput } from '../../packages/verifier-wasm/ts/verify.ts'

const folder: URL = new URL('../../packages/verifier-wasm/', import.meta.url)

/** What a vector ended in: `ok`, or the code of the first check that failed. */
export interface Outcome {
  readonly name: string
  readonly code: string
}

/** Of the WebAssembly, without the glue. */
export type Exports = Readonly<Record<string, unknown>> & { readonly memory: WebAssembly.Memory }

/** The exports of the verifier's packages; `checkQuote` and what follows are in `pkg-vectors` alone. */
export interface VerifierModule {
  /** What the WebAssembly itself exports: of the instance that the last call had. */
  readonly exports: Exports
  verify: (input: VerifyInput) => Verdict
  verifyReceipt: (input: VerifyReceiptInput) => Verdict
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
export async function loadVerifier(
  name: 'pkg' | 'pkg-vectors',
  started: (exports: Exports) => void = () => undefined,
): Promise<VerifierModule> {
  const url = (file: string): URL => new URL(`${name}/${file}`, folder)
  const { initSync, default: _, ...calls } = (await import(url('blindllama_verifier.js').href)) as Calls
  const module = new WebAssembly.Module(readFileSync(url('blindllama_verifier_bg.wasm')))
  let exports = initSync({ module })
  // As in pages: every call has an instance of its own.
  const fresh = Object.fromEntries(
    Object.entries(calls).map(([call, run]) => [
      call,
      (...args: unknown[]): unknown => {
        exports = initSync({ module })
        started(exports)
        return run(...args)
      },
    ]),
  ) as unknown as Glue
  // It imports the module of pages, which need not be built before this is called.
  const typed = await import('../../packages/verifier-wasm/ts/verify.ts')
  const typedCalls: Pick<VerifierModule, 'verify' | 'verifyReceipt'> = {
    verify: (input) => typed.verify(input, fresh.verify),
    verifyReceipt: (input) => typed.verifyReceipt(input, fresh.verifyReceipt),
  }
  return Object.defineProperty({ ...fresh, ...typedCalls }, 'exports', { get: () => exports }) as VerifierModule
}

type Call = (...args: unknown[]) => unknown
type Calls = Record<string, Call> & {
  initSync: (options: { module: WebAssembly.Module }) => Exports
  default: Call
}
