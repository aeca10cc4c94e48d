import { caddy } from './caddy.ts'
import { haproxy } from './haproxy.ts'
import { nginx } from './nginx.ts'
import type { ProxyKind } from './stock-proxy.ts'

/** The stock proxies of Debian that a gateway is likely to stand behind. */
export const proxyKinds: readonly ProxyKind[] = [haproxy, nginx, caddy]
