import { connect } from 'node:net'
import { once } from 'node:events'
import { Child } from '../../../services/staging/child.ts'
import { freePorts } from '../../../services/staging/ports.ts'
import type { Certificate } from './certificate.ts'
import { nginxProgram, writeNginx } from './nginx.ts'
import { fillSample } from './sample.ts'
import { requireProgram } from './stock-proxy.ts'

export interface Relay {
  /** Base URL in clear text: a test can then see what the relay sees once it has ended TLS. */
  readonly url: string
  readonly stop: () => Promise<void>
}

export interface RelayOptions {
  /** A private folder of this relay alone. */
  readonly folder: string
  readonly certificate: Certificate
  /** Where it passes everything on to, `address:port`. */
  readonly gateway: string
  /** PEM file of the authority that the gateway's certificate must be of; without one the gateway is reached in clear text. */
  readonly authority?: string
  /** Further directives, for a relay that does more than it should. */
  readonly misbehaviour?: string
}

/** Starts stock nginx with docs/proxies/relay.nginx.conf. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { folder, certificate, gateway, authority, misbehaviour = '' } = options
  await requireProgram(nginxProgram)
  const [clearPort = 0, tlsPort = 0] = await freePorts(2)
  const server = await fillSample('relay.nginx.conf', [
    ['listen 443 ssl http2;', `listen 127.0.0.1:${tlsPort} ssl http2; listen 127.0.0.1:${clearPort};`],
    ['/etc/ssl/certs/relay.example.pem', certificate.certificate],
    ['/etc/ssl/private/relay.example.key', certificate.key],
    ['server chat.example:443;', `server ${gateway};`],
    authority === undefined
      ? ['proxy_pass https://service;', 'proxy_pass http://service;']
      : ['/etc/ssl/certs/ca-certificates.crt', authority],
    ['proxy_set_header Connection "";', `proxy_set_header Connection ""; ${misbehaviour}`],
  ])
  const abort = new AbortController()
  const args = await writeNginx(folder, server)
  const log = `${folder}/relay.log`
  const child = new Child({ name: 'the relay', command: nginxProgram, args, log, signal: abort.signal })
  // Not by a request: it would be among those that the tests look at.
  await child.until(async () => isListening(clearPort), 60_000)
  return { url: `http://127.0.0.1:${clearPort}/`, stop: async () => child.stop() }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } finally {
    socket.destroy()
  }
}
