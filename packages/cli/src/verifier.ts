import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as pageModule from '@blindllama/verifier-wasm'
import * as inspectGlue from '@blindllama/verifier-wasm/inspect'
import { exit } from './exit.js'
import { Failure } from './failure.js'

/** SHA-256, in hex, of the modules that this package was built with; the build writes them here. */
declare const WASM_SHA256: string
declare const INSPECT_WASM_SHA256: string

/** What judges evidence. */
export type Verifier = Pick<typeof pageModule, 'verify'>

/** What shows what evidence, event logs, chains and documents say by themselves. */
export type Inspector = Pick<
  typeof inspectGlue,
  'inspect' | 'explainEventLog' | 'checkChain' | 'checkEndorsement' | 'checkDocument'
>

/** KEM, KDF and AEAD of every suite that a policy can name, for a judgement after which nothing is encrypted. */
export const everySuite: pageModule.VerifyInput['suites'] = [0x0020, 0x647a].flatMap((kem) =>
  [1, 2, 3].map((aead) => [kem, 1, aead] as const),
)

/** Run from its sources, inside the workspace, the command has no build that knew a hash, and the module is the workspace's own. */
const isBuilt: boolean = typeof WASM_SHA256 === 'string' && typeof INSPECT_WASM_SHA256 === 'string'

/**
 * The verifier: the very module that pages load, byte for byte.
 *
 * @throws {Failure} `wasm.load`, `wasm.integrity`
 */
export function loadVerifier(): Verifier {
  const url = import.meta.resolve('@blindllama/web-sdk/blindllama_verifier_bg.wasm')
  const module = compiled(url, isBuilt ? WASM_SHA256 : undefined)
  return { verify: fresh(pageModule, module, pageModule.verify) }
}

/**
 * The same code with more to call, which pages have no use for.
 *
 * @throws {Failure} `wasm.load`, `wasm.integrity`
 */
export function loadInspector(): Inspector {
  const module = isBuilt
    ? compiled(new URL('./blindllama_inspect_bg.wasm', import.meta.url).href, INSPECT_WASM_SHA256)
    : compiled(import.meta.resolve('@blindllama/verifier-wasm/inspect.wasm'), undefined)
  return {
    inspect: fresh(inspectGlue, module, inspectGlue.inspect),
    explainEventLog: fresh(inspectGlue, module, inspectGlue.explainEventLog),
    checkChain: fresh(inspectGlue, module, inspectGlue.checkChain),
    checkEndorsement: fresh(inspectGlue, module, inspectGlue.checkEndorsement),
    checkDocument: fresh(inspectGlue, module, inspectGlue.checkDocument),
  }
}

/** Every call has an instance of its own: the module takes no memory back. */
function fresh<Call extends (...args: never[]) => unknown>(
  { initSync }: Pick<typeof pageModule, 'initSync'>,
  module: WebAssembly.Module,
  call: Call,
): Call {
  return ((...args: Parameters<Call>): unknown => {
    initSync({ module })
    return call(...args)
  }) as Call
}

/** @param sha256 that the module must have; `undefined` from the sources alone */
function compiled(url: string, sha256: string | undefined): WebAssembly.Module {
  const wasm = read(url)
  if (sha256 !== undefined && createHash('sha256').update(wasm).digest('hex') !== sha256)
    throw new Failure('wasm.integrity', 'The verifier is not the one that this command was built with', exit.undecided)
  return new WebAssembly.Module(wasm)
}

function read(url: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(fileURLToPath(url)))
  } catch (cause) {
    throw new Failure('wasm.load', 'The verifier could not be loaded', exit.undecided, { cause })
  }
}
