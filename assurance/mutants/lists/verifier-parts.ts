import type { Mutant } from '../mutant.ts'
import { eventLog } from './verifier/event-log.ts'
import { platform } from './verifier/platform.ts'
import { release, state } from './verifier/release.ts'
import { cbor, signature, tpm } from './verifier/structures.ts'
import { x509 } from './verifier/x509.ts'

/** Checks of the modules that the steps rest on. */
export const parts: readonly Mutant[] = [
  ...eventLog,
  ...x509,
  ...release,
  ...cbor,
  ...platform,
  ...signature,
  ...state,
  ...tpm,
]
