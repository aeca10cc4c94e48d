import type { ShownCertificate } from '../certificates/certificates.js'
import { h, hex } from '../dom.js'
import type { Evidence } from '../proof/evidence.js'
import { filled, type Strings } from '../strings/strings.js'

/** The certificates of the evidence; the library that reads them is loaded now. */
export function certificatesSection(evidence: Evidence, strings: Strings): readonly HTMLElement[] {
  const list = h('div', { role: 'status', 'data-testid': 'certificates' })
  const load = async (): Promise<void> => {
    try {
      const { certificateChains } = await import('../certificates/certificates.js')
      const chains = await certificateChains(evidence)
      list.replaceChildren(
        ...(chains.length === 0
          ? [h('p', {}, strings.certificatesNone)]
          : chains.flatMap((each) => each.map((one) => shown(one, strings)))),
      )
    } catch {
      list.replaceChildren(h('p', {}, strings.certificatesFailed))
    }
  }
  void load()
  return [h('p', { class: 'soft' }, strings.certificatesNote), list]
}

function shown(certificate: ShownCertificate, strings: Strings): HTMLElement {
  const { subject, issuer, serialNumber, notBefore, notAfter, sha256, unreadable } = certificate
  const date = (value: Date): string => value.toLocaleDateString(strings.lang, { dateStyle: 'medium' })
  const { from, by, valid, key } = strings.certificate
  return h(
    'div',
    { class: 'cert', 'data-testid': 'certificate' },
    unreadable
      ? h('p', {}, strings.certificatesFailed)
      : h(
          'div',
          {},
          h('strong', {}, h('bdi', {}, subject)),
          h('div', {}, h('bdi', {}, filled(from, issuer))),
          h('small', {}, `${filled(by, serialNumber)} · ${filled(valid, date(notBefore), date(notAfter))}`),
        ),
    h('small', {}, `${key} `, hex(sha256)),
  )
}
