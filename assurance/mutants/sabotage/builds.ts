/** A piece of source and what stands in its place in a sabotaged build; it must occur exactly once. */
export interface Patch {
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** The product with one protection taken out: the scenarios with `tag`, and only those, must notice. */
export interface SabotagedBuild {
  readonly name: string
  readonly tag: string
  /** Also `pnpm test:truncation` must find answers that were taken for whole. */
  readonly truncates?: true
  readonly patches: readonly Patch[]
}

const verifier = 'packages/verifier-wasm/src'
const sdk = 'packages/web-sdk/src'

export const sabotagedBuilds: readonly SabotagedBuild[] = [
  {
    name: 'verification switched off',
    tag: '@verification',
    patches: [
      {
        file: `${verifier}/verdict/step.rs`,
        find: 'Err(rejection) => return Err(self.fail(id, rejection)),',
        replace: 'Err(_) => self.pass(id),',
      },
      {
        file: `${verifier}/rejection.rs`,
        find: 'if passed { Ok(()) } else { Err(code.into()) }',
        replace: 'let _ = (passed, code); Ok(())',
      },
      {
        file: `${verifier}/policy/anchor.rs`,
        find: 'Trust::Names(names, _) if names.contains(&evidence.ak_name) =>',
        replace: 'Trust::Names(names, _) if !names.is_empty() =>',
      },
      {
        file: `${verifier}/policy/mod.rs`,
        find: 'Some((0, candidate)) => Ok(candidate),',
        replace: 'Some((_, candidate)) => Ok(candidate),',
      },
      {
        file: `${verifier}/event_log/required.rs`,
        find: 'refusal(&explanation, quoted, requirements) {',
        replace: 'refusal(&explanation, quoted, requirements).filter(|_| false) {',
      },
      {
        file: `${sdk}/attestation/attest.ts`,
        find: 'if (verdict.simulated && !allowSimulated)',
        replace: 'if (false)',
      },
      { file: `${verifier}/verify.rs`, find: '.filter(|held| named(held))', replace: '' },
    ],
  },
  {
    name: 'no check of the final chunk',
    tag: '@final-chunk',
    truncates: true,
    patches: [
      {
        file: `${sdk}/ohttp/chunk-framing.ts`,
        find: 'if (this.#ended) throw truncated()\n    return undefined\n  }\n\n  #readLength',
        replace: 'if (this.#ended) this.#done = true\n    return undefined\n  }\n\n  #readLength',
      },
      {
        file: `${sdk}/channel/open-answer.ts`,
        find: 'else this.#decoder.end()',
        replace: 'else {\n this.#signal?.throwIfAborted()\n this.#exchange?.ended()\n return undefined\n }',
      },
    ],
  },
]
