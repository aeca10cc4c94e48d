import type { Mutant } from '../../mutant.ts'

const compile = 'test/verifier/compile.test.ts'
const load = 'test/verifier/load.test.ts'

/** The WebAssembly module. */
export const module: readonly Mutant[] = [
  {
    name: 'sdk: the verifier has the hash that the package was built with',
    file: 'verifier/integrity.ts',
    find: 'if (digest !== WASM_SHA256)',
    replace: "if (digest === '')",
    tests: [compile],
  },
  {
    name: 'sdk: the bytes that are compiled are those that were compared',
    file: 'verifier/compile.ts',
    find: 'new Uint8Array(source.slice())',
    replace: 'new Uint8Array(source)',
    tests: [compile],
  },
  {
    name: 'sdk: a page in the place of the verifier is no tampering',
    file: 'verifier/compile.ts',
    find: "bytes && start.startsWith('\\0asm')",
    replace: 'bytes',
    tests: [compile],
  },
  {
    name: 'sdk: the download of the verifier has a time',
    file: 'verifier/compile.ts',
    find: 'return within(timeoutMs, late, signal, async (own) => {',
    replace: 'return within(2 ** 31 - 1, late, signal, async (own) => {',
    tests: [compile],
    hangs: true,
  },
  {
    name: 'sdk: the download of the verifier has a size',
    file: 'verifier/compile.ts',
    find: 'readLimited(response, maxBytes, own)',
    replace: 'readLimited(response, 2 ** 27, own)',
    tests: [compile],
  },
  {
    name: 'sdk: an unchecked module serves its caller alone',
    file: 'verifier/load.ts',
    find: 'if (isCompiled(source)) return start(source)',
    replace: 'if (isCompiled(source)) return (checked ??= start(source))',
    tests: [load],
  },
  {
    name: 'sdk: every call of the verifier has an instance of its own',
    file: 'verifier/load.ts',
    find: '      initSync({ module: this.#module })\n',
    replace: '',
    tests: [load],
  },
]
