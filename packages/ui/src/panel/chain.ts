import type { Step, StepId, Verdict } from '@blindllama/web-sdk'
import { sentenceOfStep } from '@blindllama/web-sdk/sentences'
import { h, icon } from '../dom.js'
import type { ProofState } from '../proof/source.js'
import { LINKS, type LinkId, type Strings } from '../strings/strings.js'

/** The steps of PROTOCOL.md §8 that each link stands for. */
const steps: Record<Exclude<LinkId, 'session'>, readonly StepId[]> = {
  root: ['policy', 'bundle', 'ak.trust', 'platform'],
  ak: ['ak.public', 'ak.assurance', 'ak.attributes', 'ak.qualified_name'],
  quote: ['attest', 'signature', 'attest.firmware', 'clock', 'binding.nonce', 'binding.extra_data'],
  pcrs: ['pcr.selection', 'pcr.digest', 'pcr.coverage', 'eventlog'],
  release: ['release.keys', 'status', 'release', 'release.log', 'pcr.rules', 'claims.config'],
  key: ['claims', 'claims.audience', 'claims.upstream', 'state', 'receipt', 'freshness', 'key'],
}

type Status = Step['status']

/** How the steps of one link ended together: a link holds where at least one step was checked and none failed. */
export function statusOfLink(link: Exclude<LinkId, 'session'>, verdict: Verdict): Status {
  const ends = new Set(verdict.steps.filter(({ id }) => steps[link].includes(id)).map(({ status }) => status))
  if (ends.has('fail')) return 'fail'
  // After the step that failed, nothing was checked any more.
  const ended = verdict.steps.findIndex(({ status }) => status === 'fail')
  const last = verdict.steps.findLastIndex(({ id }) => steps[link].includes(id))
  if (ended >= 0 && last > ended) return 'skipped'
  // A chain that leads to a software TPM holds, and proves nothing about a machine.
  const isSimulated = link === 'root' && verdict.anchor?.assurance === 'simulated'
  return ends.has('warn') || isSimulated ? 'warn' : ends.has('pass') ? 'pass' : 'skipped'
}

/** Root → AK → quote → PCRs → release → key → this session, each with what it is and how it ended. */
export function chain(state: ProofState, live: boolean, strings: Strings): HTMLElement {
  const { verdict } = state
  return h(
    'ol',
    { class: 'chain' },
    ...LINKS.map((link) => {
      const status =
        verdict === undefined ? 'skipped' : link === 'session' ? session(state, live) : statusOfLink(link, verdict)
      return h(
        'li',
        { 'data-link': link, 'data-status': status },
        h('span', { class: 'mark' }, icon(status), h('span', { class: 'hidden' }, `${strings.stepStatus[status]}:`)),
        h(
          'span',
          { class: 'link' },
          h('strong', {}, strings.links[link]),
          h('small', {}, valueOf(link, state, strings)),
        ),
      )
    }),
  )
}

/** The session has no step: the client holds a key, which `Proof` compared with the proven one. */
function session({ status, problem }: ProofState, live: boolean): Status {
  if (!live) return 'skipped'
  if (problem === 'other-key') return 'fail'
  return status === 'proven' || status === 'limited' || status === 'simulated' ? 'pass' : 'skipped'
}

function valueOf(link: LinkId, { verdict, problem }: ProofState, strings: Strings): HTMLElement | string {
  if (link === 'session') return problem === 'other-key' ? strings.otherKey : ''
  const failed = verdict?.steps.find(({ id, status }) => status === 'fail' && steps[link].includes(id))
  if (failed) return h('span', { lang: 'en' }, sentenceOfStep(failed), ' ', h('code', {}, failed.code))
  switch (link) {
    case 'root': {
      const { anchor } = verdict ?? {}
      return anchor === undefined
        ? ''
        : h('span', {}, `${strings.assurance[anchor.assurance]} `, h('code', {}, anchor.kind))
    }
    case 'ak':
      return short(verdict?.ak?.name) ?? verdict?.ak?.algorithm ?? ''
    case 'quote':
      return verdict?.clock === undefined ? '' : `TPM ${verdict.clock.firmwareVersion}`
    case 'pcrs':
      return verdict?.pcrs === undefined
        ? ''
        : `${verdict.pcrs.bank}: ${verdict.pcrs.values.map(({ index }) => index).join(', ')}`
    case 'release':
      return verdict?.release === undefined ? '' : h('bdi', {}, verdict.release)
    case 'key':
      return (verdict?.result === 'pass' && short(verdict.key.publicKey)) || ''
  }
}

function short(value: string | undefined): HTMLElement | undefined {
  return value === undefined ? undefined : h('code', { dir: 'ltr' }, `${value.slice(0, 16)}…${value.slice(-8)}`)
}
