import { Certificate, type InfoAccess } from 'pkijs'

/** authorityInfoAccess (RFC 5280 §4.2.2.1), and its method caIssuers. */
const authorityInfoAccess = '1.3.6.1.5.5.7.1.1'
const caIssuers = '1.3.6.1.5.5.7.48.2'

/** uniformResourceIdentifier of a GeneralName (RFC 5280 §4.2.1.6). */
const uri = 6

/** Of one certificate; real ones name one to four. */
const most = 4

/**
 * Where a certificate says that the certificate of its issuer is: addresses of HTTP, in their order. Nothing vouches for them.
 *
 * @param der of a certificate that Node.js reads
 */
export function issuerAddresses(der: Uint8Array): URL[] {
  const extension = extensionOf(der)
  const addresses = (extension?.accessDescriptions ?? []).flatMap(({ accessMethod, accessLocation }) => {
    const text: unknown = accessMethod === caIssuers && accessLocation.type === uri ? accessLocation.value : undefined
    if (typeof text !== 'string' || !URL.canParse(text)) return []
    const url = new URL(text)
    const isHttp = url.protocol === 'http:' || url.protocol === 'https:'
    return isHttp && url.username === '' && url.password === '' ? [url] : []
  })
  return addresses.slice(0, most)
}

function extensionOf(der: Uint8Array): InfoAccess | undefined {
  try {
    const { extensions = [] } = Certificate.fromBER(Uint8Array.from(der).buffer)
    return extensions.find(({ extnID }) => extnID === authorityInfoAccess)?.parsedValue as InfoAccess | undefined
  } catch {
    // What pkijs cannot read names no address; the verifier says what is wrong with the certificate.
    return undefined
  }
}
