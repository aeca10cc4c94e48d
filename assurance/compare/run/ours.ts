import { verify } from '../../../tools/vectors/bundle.ts'
import { loadVerifier, type VerifierModule } from '../../../tools/vectors/verifier.ts'
import type {
  Answer,
  BundleQuestion,
  ChainQuestion,
  EventLogQuestion,
  Question,
  QuoteQuestion,
  Verifier,
} from './contract.ts'

/** The verifier of this repository, as it is shipped: compiled to WebAssembly. It must be built. */
export async function ourVerifier(): Promise<Verifier> {
  const module = await loadVerifier('pkg-vectors')
  return { name: 'ours', answer: async (question) => answer(module, question), close: () => undefined }
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const base64 = (text: string): Buffer => Buffer.from(text, 'base64')

function answer(module: VerifierModule, question: Question): Answer {
  switch (question.ask) {
    case 'bundle':
      return answerBundle(module, question)
    case 'quote':
      return answerQuote(module, question)
    case 'chain':
      return answerChain(module, question)
    default:
      return answerEventLog(module, question)
  }
}

function answerBundle(module: VerifierModule, question: BundleQuestion): Answer {
  const verdict = verify(module, question)
  if (verdict.result === 'fail') return { code: verdict.code, facts: { nextState: verdict.nextState ?? null } }
  const { key } = verdict
  const facts = {
    assurance: verdict.assurance,
    anchors: (verdict.anchor?.members ?? [verdict.anchor]).map((member) => member?.kind),
    enrolments: (verdict.anchor?.members ?? [verdict.anchor]).map((member) => member?.enrolment ?? null),
    isOperatorsWord: verdict.anchor?.caveat.includes("operator's word"),
    akName: verdict.ak?.name,
    release: verdict.release,
    nextState: verdict.nextState,
    instance: key.instance,
    validForMs: key.validForMs,
    warnings: verdict.steps.filter(({ status }) => status === 'warn').map(({ code }) => code),
    key: { keyId: key.keyId, suite: [key.kemId, key.kdfId, key.aeadId], publicKey: key.publicKey },
  }
  return { code: 'ok', facts }
}

function answerQuote({ checkQuote }: VerifierModule, question: QuoteQuestion): Answer {
  const indices = question.selection.pcrs.toSorted((a, b) => a - b)
  const code = present(checkQuote)(
    hex(question.akPublic ?? question.akSpki ?? ''),
    question.akPublic === null,
    question.hierarchy === 'endorsement',
    hex(question.attest),
    hex(question.signature),
    hex(question.extraData),
    question.selection.bank,
    Uint8Array.from(indices),
    Buffer.concat(indices.map((index) => hex(question.pcrs[index] ?? ''))),
  )
  return { code }
}

function answerChain({ checkChain }: VerifierModule, { chain, rootSha256, nowMs }: ChainQuestion): Answer {
  const certificates = chain.map(base64)
  const lengths = Uint32Array.from(certificates, ({ length }) => length)
  return { code: present(checkChain)(Buffer.concat(certificates), lengths, hex(rootSha256), nowMs) }
}

interface Explained {
  bank: string
  secureBoot?: boolean
  pcrs: { index: number; value: string }[]
  findings: { code: string; pcr?: number }[]
  events: { index: number; verified: boolean }[]
}

function answerEventLog({ explainEventLog }: VerifierModule, { log }: EventLogQuestion): Answer {
  const { parse, banks } = JSON.parse(present(explainEventLog)(base64(log))) as { parse: string; banks?: Explained[] }
  if (banks === undefined) return { code: parse }
  return { code: parse, facts: banks.map(logFacts) }
}

function logFacts({ bank, pcrs, events, findings, secureBoot }: Explained): object {
  const told = findings.map(({ code, pcr }) => (pcr === undefined ? code : `${code} of PCR ${pcr}`))
  return {
    bank,
    values: Object.fromEntries(pcrs.map(({ index, value }) => [String(index), value])),
    findings: [...new Set(told)].toSorted(),
    verified: events.filter(({ verified }) => verified).map(({ index }) => index),
    secureBoot: secureBoot ?? null,
  }
}

/** What only the package for vectors exports. */
function present<Export>(value: Export | undefined): Export {
  if (value === undefined) throw new Error('pkg-vectors does not export what vectors need')
  return value
}
