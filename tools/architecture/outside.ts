import type { OutsideUse } from './uses.ts'

/** Something outside of a package that only some of its units may use. */
export interface Restricted {
  /** The folder `src` of the package. */
  readonly src: string
  readonly name: RegExp
  /** Beginnings of paths below `src`; none: no source may use it. */
  readonly by: readonly string[]
}

/** The column "does not know" of `docs/ARCHITECTURE.md`, as far as imports show it. */
export const restricted: readonly Restricted[] = [
  { src: 'packages/web-sdk/src', name: /^react(?:-dom)?(?:\/|$)/, by: ['react/'] },
  { src: 'packages/web-sdk/src', name: /^@panva\/hpke-noble$/, by: ['post-quantum.ts'] },
  { src: 'packages/web-sdk/src', name: /^node:/, by: [] },
  { src: 'packages/verifier-wasm/src', name: /^std::(?:net|time|fs|env|process|thread)\b/, by: [] },
  { src: 'packages/verifier-wasm/src', name: /^(?:js_sys|web_sys)\b/, by: [] },
  {
    src: 'packages/verifier-wasm/src',
    name: /^wasm_bindgen\b/,
    by: [
      'wasm.rs',
      'inspect.rs',
      'vectors.rs',
      'enrolment.rs',
      'event_log/export.rs',
      'release/export.rs',
      'x509/export.rs',
    ],
  },
  { src: 'packages/gateway/src', name: /^tss_esapi\b/, by: ['tpm/'] },
  {
    src: 'packages/gateway/src',
    name: /^blindllama_verifier::(?!Code\b|attester\b|evidence\b)/,
    by: ['verification.rs'],
  },
  { src: 'assurance/second-verifier/src', name: /^@blindllama\//, by: [] },
]

/** Uses of something restricted by a source that may not use it. */
export function forbidden(
  src: string,
  uses: readonly OutsideUse[],
  rules: readonly Restricted[] = restricted,
): OutsideUse[] {
  const own = rules.filter((rule) => rule.src === src)
  return uses.filter(({ from, name }) =>
    own.some((rule) => rule.name.test(name) && !rule.by.some((path) => from.startsWith(path))),
  )
}
