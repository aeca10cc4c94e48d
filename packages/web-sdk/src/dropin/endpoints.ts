import { BlindLlamaError } from '../errors.js'

/** What of the page goes through the channel, or nowhere. */
export interface Endpoints {
  /** The address as the platform would read it, where a request to it is declared. */
  declared: (address: string) => string | undefined
}

/** A page or a worker resolves addresses against it, as `fetch` does. */
function reference(): string {
  return globalThis.document?.baseURI ?? globalThis.location.href
}

/**
 * The endpoints below `base` that a page declares. A path that ends in `/` stands for everything below it; another one for itself
 * and for what is below it.
 *
 * @param paths relative to `base`, or absolute addresses below it; none stands for all of `base`
 * @param bases where the protocol's own endpoints are, which the client itself asks
 * @throws {BlindLlamaError} `dropin.tag` where a path is not below `base`
 */
export function endpointsOf(base: URL, paths: readonly string[], bases: readonly URL[] = [base]): Endpoints {
  const prefixes = (paths.length === 0 ? [base.href] : paths).map((path) => prefixOf(base, path))
  const own = bases.map((each) => new URL('blindllama/v1/', each))
  return {
    declared(address) {
      const url = parsed(address)
      if (!url) return undefined
      const spellings = [url.pathname.toLowerCase(), canonical(url.pathname)].map((path) => `${path}/`)
      if (own.some((each) => isSameHost(each, url) && spellings.every(isBelow(each.pathname.toLowerCase()))))
        return undefined
      const isDeclared = isSameHost(base, url) && prefixes.some((prefix) => spellings.some(isBelow(prefix)))
      return isDeclared ? url.href : undefined
    },
  }
}

function isBelow(prefix: string): (path: string) => boolean {
  return (path) => path.startsWith(prefix)
}

/** What a tag that cannot be read declares: everything, because nobody knows what it meant. */
export const allEndpoints: Endpoints = { declared: (address) => parsed(address)?.href ?? address }

function parsed(address: string): URL | undefined {
  try {
    const url = new URL(address, reference())
    return /^(?:https?|wss?):$/.test(url.protocol) ? url : undefined
  } catch {
    // The platform refuses it by itself.
    return undefined
  }
}

/**
 * What stands for more than itself elsewhere, as in `/v1/*`, `/v1/,/v2/` and `/:id`: as a path it would declare next to nothing, and
 * everything that it was meant for would go in clear text. The same holds for a word without a slash, as `true`.
 */
const noPath = /[*,;|^$(){}[\]<>"'`\\]|\/:/

function prefixOf(base: URL, path: string): string {
  let url: URL | undefined
  try {
    url = new URL(path, base)
  } catch {
    // Told below.
  }
  const isPath = path.includes('/') && !noPath.test(path)
  if (
    !url ||
    !isPath ||
    url.search ||
    url.hash ||
    url.origin !== base.origin ||
    !url.pathname.startsWith(base.pathname)
  )
    throw new BlindLlamaError(
      'dropin.tag',
      `${JSON.stringify(path)} in data-upgrade is no path below data-url, ${base.href}. Write paths such as /v1/ with blanks between, or nothing for all`,
    )
  return canonical(url.pathname).replace(/\/?$/, '/')
}

/** Whether the hosts are one for a browser that takes `http:` for `https:`, and a name with its final dot for the name. */
function isSameHost(base: URL, { protocol, hostname, port }: URL): boolean {
  // Such a browser leaves a port that is written out as it is.
  const taken = base.protocol === 'https:' && /^(?:http|ws):$/.test(protocol) ? ['', base.port || '443'] : []
  const ports = [base.port, ...taken]
  return withoutFinalDot(hostname) === withoutFinalDot(base.hostname) && ports.includes(port)
}

function withoutFinalDot(host: string): string {
  return host.replace(/\.$/, '')
}

/** A path as the most lenient server may read it: every spelling of a declared path is declared. */
function canonical(pathname: string): string {
  let path = pathname
  // Each round takes one layer of percent-encoding away; a longer nest is refused by servers.
  for (let round = 0; round < 4; round++)
    path = path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  const kept: string[] = []
  for (const part of path.replaceAll('\\', '/').split('/')) {
    const [name = ''] = part.split(';')
    if (name === '..') kept.pop()
    else if (name !== '' && name !== '.') kept.push(name.toLowerCase())
  }
  return `/${kept.join('/')}`
}
