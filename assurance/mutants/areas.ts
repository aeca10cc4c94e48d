import { mutants as chat } from './lists/chat.ts'
import { mutants as cli } from './lists/cli.ts'
import { mutants as gateway } from './lists/gateway.ts'
import { mutants as sdk } from './lists/sdk.ts'
import { mutants as secondVerifier } from './lists/second-verifier.ts'
import { mutants as ui } from './lists/ui.ts'
import { mutants as verifier } from './lists/verifier.ts'
import { mutants as verifierTrust } from './lists/verifier-trust.ts'
import type { Area } from './mutant.ts'

/** Every package that has mutants, with the tests that must notice them. */
export const areas: readonly Area[] = [
  {
    name: 'verifier',
    folder: 'packages/verifier-wasm',
    runner: {
      kind: 'rust',
      package: 'blindllama-verifier',
      crates: ['packages/verifier-wasm', 'packages/verifier-testkit'],
    },
    mutants: [...verifier, ...verifierTrust],
  },
  {
    name: 'gateway',
    folder: 'packages/gateway',
    runner: {
      kind: 'rust',
      package: 'blindllama-gateway',
      crates: ['packages/gateway', 'packages/verifier-wasm', 'packages/verifier-testkit'],
    },
    mutants: gateway,
  },
  {
    name: 'second-verifier',
    folder: 'assurance/second-verifier',
    runner: { kind: 'vitest', importers: ['assurance/compare'] },
    mutants: secondVerifier,
  },
  { name: 'sdk', folder: 'packages/web-sdk', runner: { kind: 'vitest' }, mutants: sdk },
  // The tests of the command run it as it is published.
  {
    name: 'cli',
    folder: 'packages/cli',
    runner: { kind: 'vitest', build: ['node_modules/.bin/tsdown'] },
    mutants: cli,
  },
  { name: 'ui', folder: 'packages/ui', runner: { kind: 'vitest' }, mutants: ui },
  { name: 'chat', folder: 'examples/react-chat', runner: { kind: 'vitest' }, mutants: chat },
]
