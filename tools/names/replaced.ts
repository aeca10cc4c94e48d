import type { SourceFile } from '../source/files.ts'
import { declaredInRust } from './rust.ts'
import { declaredInTypeScript } from './typescript.ts'

/** A name that another one replaced. */
export interface Replaced {
  /** Matches whole declared names. */
  readonly name: RegExp
  readonly by: string
  /** Below which the name must not be declared; elsewhere it may be the word of the field, as `Turn` is in a chat. */
  readonly below?: string
}

const gateway = 'packages/gateway/'
const sdk = 'packages/web-sdk/'
const verifier = 'packages/verifier-wasm/'

export const replaced: readonly Replaced[] = [
  { name: /^Prompt$/, by: 'PrefaceTimeout', below: gateway },
  { name: /^(Outlet|outlet)$/, by: 'ResponseSealer' },
  { name: /^(Turn|turn)$/, by: 'YieldToReady, or rotate', below: gateway },
  { name: /^(Ahead|ahead)$/, by: 'RenewalTimer', below: sdk },
  { name: /^(Key|key_?)?[Kk]eeper$/, by: 'KeyManager' },
  { name: /^State_?[Kk]eeper$/, by: 'StateStore' },
  { name: /^Receipt_?[Kk]eeper$/, by: 'ReceiptStore' },
  { name: /^HeldStatic$/, by: 'StaticPartCache' },
  { name: /^(attester|AttesterParts)$/, by: 'attestationClient: the gateway is the attester (RFC 9334)', below: sdk },
  { name: /^Door$/, by: 'ComponentFetch' },
  { name: /^(Against|against)$/, by: 'ReleaseContext, or comparison' },
  { name: /^(Demands?|StatusDemand|demands)$/, by: 'ReleasePolicy, LogRequirements, StatusPolicy', below: verifier },
  { name: /^fixed$/, by: 'static_part', below: verifier },
  { name: /^brought$/, by: 'release_evidence', below: verifier },
  { name: /^(Cutter|cutter)$/, by: 'EventSplitter' },
  { name: /^HandClock$/, by: 'ManualClock' },
  { name: /^(Lies?|lies?)$/, by: 'TpmFault' },
  { name: /^(Wish|wish)$/, by: 'AnswerPlan' },
  { name: /^(Taken|Asked|Unsent|Fate|Way|Got|Busy|Together)$/, by: 'a noun of what it holds', below: 'packages/' },
  { name: /canar(y|ies)/i, by: 'sabotagedBuild' },
  { name: /(^|[^i])stor(y|ies)$|^(S|s)tor(y|ies)|[a-z](Story|Stories)/, by: 'scenario', below: 'e2e/' },
]

const language = (path: string): 'rust' | 'typescript' => (path.endsWith('.rs') ? 'rust' : 'typescript')

/** Replaced names that the sources declare, or that name a file: `path: name is by`. */
export function replacedNames(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const declared = language(path) === 'rust' ? declaredInRust(text) : declaredInTypeScript(path, text)
    const [file = ''] = (path.split('/').at(-1) ?? '').split('.')
    const names = [...declared, file, ...path.split('/').slice(0, -1)]
    return replaced
      .filter(({ below }) => path.startsWith(below ?? ''))
      .flatMap(({ name, by }) =>
        [...new Set(names)].filter((own) => name.test(own)).map((own) => `${path}: ${own} is ${by}`),
      )
  })
}
