import { get as getPlain, type IncomingMessage } from 'node:http'
import { get as getSecure } from 'node:https'
import { isIP } from 'node:net'
import { isPublic, lookupPublic } from './public-address.js'

/** Bounds of one download. */
export interface DownloadLimits {
  /** Whole, redirects included, in milliseconds. */
  readonly patienceMs: number
  /** Of the content. */
  readonly bytes: number
  /** Whether addresses may be private or of this machine. */
  readonly anyAddress: boolean
}

export const usualLimits: DownloadLimits = { patienceMs: 15_000, bytes: 65_536, anyAddress: false }

/** Caches of clouds redirect once. */
const mostRedirects = 3

/**
 * The content at an address that a certificate names. Redirects lead to the host of that address alone.
 *
 * @throws {Error} with a sentence for a person: nothing was taken
 */
export async function download(address: URL, limits: DownloadLimits): Promise<Uint8Array> {
  // A timer of its own, as in service.ts.
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), limits.patienceMs)
  try {
    let url = address
    for (let redirects = 0; ; redirects++) {
      const response = await asked(url, limits, patience.signal)
      const { statusCode = 0, headers } = response
      if (statusCode === 200) return await contentOf(response, limits)
      response.destroy()
      if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined)
        throw new Error(`answered ${statusCode}, and 200 is expected`)
      if (redirects === mostRedirects) throw new Error(`redirects more than ${mostRedirects} times`)
      if (!URL.canParse(headers.location, url.href)) throw new Error('redirects to what is no address')
      url = new URL(headers.location, url)
      if (url.host !== address.host || !/^https?:$/.test(url.protocol))
        throw new Error(`redirects to ${url.host}, and only ${address.host} is named in the certificate`)
    }
  } catch (cause) {
    if (patience.signal.aborted)
      throw new Error(`did not answer in full within ${limits.patienceMs / 1000} s`, { cause })
    throw cause
  } finally {
    clearTimeout(timer)
  }
}

async function asked(url: URL, { anyAddress }: DownloadLimits, signal: AbortSignal): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // A literal address is not looked up.
  if (!anyAddress && isIP(host) !== 0 && !isPublic(host))
    throw new Error(`${host} is not an address of the public Internet`)
  const get = url.protocol === 'https:' ? getSecure : getPlain
  const options = { agent: false, signal, headers: { accept: 'application/pkix-cert', 'accept-encoding': 'identity' } }
  return new Promise((resolve, reject) => {
    get(url, anyAddress ? options : { ...options, lookup: lookupPublic }, resolve).on('error', reject)
  })
}

async function contentOf(response: IncomingMessage, { bytes }: DownloadLimits): Promise<Uint8Array> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length
    if (length > bytes) throw new Error(`has more than ${bytes} bytes, and no certificate is larger`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}
