import type { Mutant } from '../mutant.ts'
import { admission } from './gateway/admission.ts'
import { allowances } from './gateway/allowances.ts'
import { answers } from './gateway/answers.ts'
import { attester, epochs } from './gateway/attester.ts'
import { budgets } from './gateway/budgets.ts'
import { channel } from './gateway/channel.ts'
import { enrolment } from './gateway/enrolment.ts'
import { links } from './gateway/links.ts'
import { machine } from './gateway/machine.ts'
import { peer } from './gateway/peer.ts'
import { server } from './gateway/server.ts'
import { upstreams } from './gateway/upstreams.ts'

export const mutants: readonly Mutant[] = [
  ...attester,
  ...epochs,
  ...machine,
  ...channel,
  ...admission,
  ...answers,
  ...server,
  ...budgets,
  ...enrolment,
  ...links,
  ...peer,
  ...upstreams,
  ...allowances,
]
