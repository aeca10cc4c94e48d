import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fillSample } from './sample.ts'
import type { ProxyKind } from './stock-proxy.ts'

export const haproxy: ProxyKind = {
  name: 'HAProxy',
  program: '/usr/sbin/haproxy',
  async configure(folder, { clearPort, tlsPort }, { instance, gateway, other, third = other }, { together }) {
    const bind = `bind 127.0.0.1:${tlsPort} ssl crt ${together} alpn h2,http/1.1\n    bind 127.0.0.1:${clearPort}`
    const config = await fillSample('haproxy.cfg', [
      ['bind :443 ssl crt /etc/ssl/private/chat.example.pem alpn h2,http/1.1', bind],
      ['/blindllama/v1/o/a1', `/blindllama/v1/o/${instance}`],
      ['127.0.0.1:8787', gateway],
      ['127.0.0.1:8788', other],
      ['127.0.0.1:8789', third],
    ])
    const path = join(folder, 'haproxy.cfg')
    await writeFile(path, `global\n    maxconn 256\n\n${config}`)
    return ['-db', '-f', path]
  },
}
