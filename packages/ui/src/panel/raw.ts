import { verificationRecord } from '@blindllama/web-sdk/receipts'
import { download, h } from '../dom.js'
import type { Evidence } from '../proof/evidence.js'
import type { Strings } from '../strings/strings.js'

/** The evidence as received, and the record that others verify without this page (PROTOCOL.md §21). */
export function rawSection(evidence: Evidence, strings: Strings): readonly HTMLElement[] {
  const { receivedAtMs, ...input } = evidence
  const record = (): string => verificationRecord({ ...input, nowMs: receivedAtMs })
  return [
    h('p', { class: 'soft' }, strings.rawNote),
    h(
      'div',
      { class: 'row' },
      h(
        'button',
        {
          type: 'button',
          'data-download': 'record',
          onclick: () => download(record(), 'application/json', 'blindllama-verification-record.json'),
        },
        strings.downloadRecord,
      ),
      h(
        'button',
        {
          type: 'button',
          'data-download': 'evidence',
          onclick: () => download(new Uint8Array(input.evidence), 'application/cbor', 'blindllama-evidence.cbor'),
        },
        strings.downloadEvidence,
      ),
    ),
  ]
}
