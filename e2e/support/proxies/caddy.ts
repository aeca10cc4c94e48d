import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fillSample } from './sample.ts'
import type { ProxyKind } from './stock-proxy.ts'

export const caddy: ProxyKind = {
  name: 'Caddy',
  program: '/usr/bin/caddy',
  async configure(folder, { clearPort, tlsPort }, { instance, gateway, other, third = other }, { certificate, key }) {
    const sites = await fillSample('Caddyfile', [
      ['chat.example {', `https://127.0.0.1:${tlsPort} {\n\ttls ${certificate} ${key}`],
      ['/blindllama/v1/o/a1', `/blindllama/v1/o/${instance}`],
      ['127.0.0.1:8787', gateway],
      ['127.0.0.1:8788', other],
      ['127.0.0.1:8789', third],
    ])
    // No port of the machine's: neither that of the administration nor 80 for redirections.
    const options = '{\n\tadmin off\n\tauto_https disable_redirects\n}\n'
    const path = join(folder, 'Caddyfile')
    await writeFile(path, `${options}\n${sites}\nhttp://127.0.0.1:${clearPort} {\n\timport blindllama\n}\n`)
    return ['run', '--adapter', 'caddyfile', '--config', path]
  },
}
