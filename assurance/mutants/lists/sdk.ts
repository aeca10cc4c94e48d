import type { Mutant } from '../mutant.ts'
import { answer } from './sdk/answer.ts'
import { dropIn } from './sdk/dropin.ts'
import { errors } from './sdk/errors.ts'
import { evidence } from './sdk/evidence.ts'
import { limits } from './sdk/limits.ts'
import { module } from './sdk/module.ts'
import { pageFetch } from './sdk/page-fetch.ts'
import { receiptChecks } from './sdk/receipts.ts'
import { sealing } from './sdk/sealing.ts'
import { verdictAndKey } from './sdk/verdict-key.ts'

/** In the order in which a page meets them: its fetch, evidence, verdict, key, channel, answer, what is kept. */
export const mutants: readonly Mutant[] = [
  ...pageFetch,
  ...dropIn,
  ...errors,
  ...evidence,
  ...module,
  ...verdictAndKey,
  ...limits,
  ...sealing,
  ...answer,
  ...receiptChecks,
]
