import type { Mutant } from '../mutant.ts'
import { documents } from './cli/documents.ts'
import { enrolment } from './cli/enrolment.ts'
import { io } from './cli/io.ts'
import { trust } from './cli/trust.ts'
import { verdicts } from './cli/verdicts.ts'

/** In the order of the commands: verify, policy, release, enrol and ca; and what goes in and out. */
export const mutants: readonly Mutant[] = [...verdicts, ...documents, ...trust, ...enrolment, ...io]
