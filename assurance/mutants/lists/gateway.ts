import type { Mutant } from '../mutant.ts'
import { admission } from './gateway/admission.ts'
import { allowances } from './gateway/allowances.ts'
import { answers } from './gateway/answers.ts'
import { attester, epochs } from './gateway/attester.ts'
import { attesterProcess } from './gateway/attester-process.ts'
import { budgets } from './gateway/budgets.ts'
import { channel } from './gateway/channel.ts'
import { enrolment } from './gateway/enrolment.ts'
import { links } from './gateway/links.ts'
import { machine } from './gateway/machine.ts'
import { operation } from './gateway/operation.ts'
import { peer } from './gateway/peer.ts'
import { server } from './gateway/server.ts'
import { tls } from './gateway/tls.ts'
import { upstreams } from './gateway/upstreams.ts'

export const mutants: readonly Mutant[] = [
  ...attester,
  ...attesterProcess,
  ...epochs,
  ...machine,
  ...channel,
  ...admission,
  ...answers,
  ...server,
  ...budgets,
  ...enrolment,
  ...operation,
  ...links,
  ...peer,
  ...upstreams,
  ...tls,
  ...allowances,
]
