import { access } from 'node:fs/promises'
import { Child } from '../../../services/staging/child.ts'
import { freePorts } from '../../../services/staging/ports.ts'
import type { Certificate } from './certificate.ts'

/** Where a proxy leads, and where it finds what it needs. */
export interface ProxyTarget {
  /** The gateway's `instance`. */
  readonly instance: string
  /** `address:port` of the gateway. */
  readonly gateway: string
  /** `address:port` of what the samples know as the instance b2. */
  readonly other: string
  /** `address:port` of what the samples know as the instance c3. Default: the one of b2. */
  readonly third?: string
}

export interface ListeningPorts {
  readonly clearPort: number
  readonly tlsPort: number
}

/** What differs from proxy to proxy: how it is told, and how it is started. */
export interface ProxyKind {
  readonly name: 'HAProxy' | 'nginx' | 'Caddy'
  readonly program: string
  /** Writes the configuration into `folder` and gives the arguments of the program. */
  readonly configure: (
    folder: string,
    listening: ListeningPorts,
    target: ProxyTarget,
    certificate: Certificate,
  ) => Promise<readonly string[]>
}

/** A stock proxy that runs. */
export interface StockProxy {
  readonly name: ProxyKind['name']
  /** Base URLs: HTTP/1.1 in clear text, and TLS with HTTP/2 offered. */
  readonly urls: { readonly clear: string; readonly tls: string }
  readonly stop: () => Promise<void>
}

export async function startProxy(
  kind: ProxyKind,
  options: { folder: string; target: ProxyTarget; certificate: Certificate; signal: AbortSignal },
): Promise<StockProxy> {
  await requireProgram(kind.program)
  const { folder, target, certificate, signal } = options
  const [clearPort = 0, tlsPort = 0] = await freePorts(2)
  const args = await kind.configure(folder, { clearPort, tlsPort }, target, certificate)
  const env = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  const child = new Child({ name: kind.name, command: kind.program, args, env, log: `${folder}/proxy.log`, signal })
  const urls = { clear: `http://127.0.0.1:${clearPort}/`, tls: `https://127.0.0.1:${tlsPort}/` }
  await child.until(async () => (await fetch(`${urls.clear}blindllama/v1/health`)).ok, 60_000)
  return { name: kind.name, urls, stop: async () => child.stop() }
}

/** A proxy that is not there is a failure, never a reason to leave a test out. */
export async function requireProgram(path: string): Promise<void> {
  await access(path).catch(() => {
    throw new Error(`${path} is missing. Run: npm run setup`)
  })
}
