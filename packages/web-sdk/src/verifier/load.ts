import type { WasmSource } from './source.js'
import type { Verifier } from './verifier.js'
import { compileWasm } from './compile.js'

export async function loadVerifier(source: WasmSource): Promise<Verifier> {
  const module = await compileWasm(source)
  throw new Error('TODO', { cause: module })
}
