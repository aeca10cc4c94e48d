import type { Verdict } from '@blindllama/web-sdk'
import { h, hex } from '../dom.js'
import type { FactName, Strings } from '../strings/strings.js'

/** What clients offer (PROTOCOL.md §10), by its code points. */
const kems: Record<number, string> = { 0x0020: 'X25519', 0x647a: 'ML-KEM-768 + X25519' }
const kdfs: Record<number, string> = { 1: 'HKDF-SHA256' }
const aeads: Record<number, string> = { 1: 'AES-128-GCM', 2: 'AES-256-GCM' }
const number = (id: number): string => `0x${id.toString(16).padStart(4, '0')}`

/** The suite of RFC 9180 §7 in words; an algorithm that this page has no word for is shown by its number. */
export function suiteTitle({ kemId, kdfId, aeadId }: { kemId: number; kdfId: number; aeadId: number }): string {
  return [kems[kemId] ?? number(kemId), kdfs[kdfId] ?? number(kdfId), aeads[aeadId] ?? number(aeadId)].join(', ')
}

/** The key, what the service claims, and the AK; what was not proven is left out. */
export function facts(verdict: Verdict, strings: Strings): HTMLElement {
  const { claims, ak, clock } = verdict
  const key = verdict.result === 'pass' ? verdict.key : undefined
  const rows: readonly (readonly [FactName, Node | string | undefined])[] = [
    ['encryption', key && suiteTitle(key)],
    ['publicKey', key && hex(key.publicKey)],
    ['upstream', claims && strings.upstream[claims.upstream]],
    ['promptCache', claims && strings.promptCache[claims.promptCache]],
    ['audience', claims && h('bdi', {}, claims.audiences.join(', '))],
    ['instance', claims && h('code', {}, claims.instance)],
    ['epoch', claims && hex(claims.epochId)],
    ['config', claims && hex(claims.configDigest)],
    ['quotedAt', claims && new Date(claims.serverTimeMs).toLocaleString(strings.lang)],
    ['akName', ak && (ak.name === undefined ? strings.nameNotProven : hex(ak.name))],
    ['akAlgorithm', ak?.algorithm],
    ['firmware', clock && `${clock.firmwareVersion} · ${clock.resetCount} / ${clock.restartCount}`],
  ]
  return h(
    'dl',
    {},
    ...rows.flatMap(([name, value]) =>
      value === undefined ? [] : [h('dt', {}, strings.facts[name]), h('dd', { 'data-fact': name }, value)],
    ),
  )
}
