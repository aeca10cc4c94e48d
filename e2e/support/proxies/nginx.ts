import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fillSample } from './sample.ts'
import type { ProxyKind } from './stock-proxy.ts'

export const nginxProgram = '/usr/sbin/nginx'

export const nginx: ProxyKind = {
  name: 'nginx',
  program: nginxProgram,
  async configure(folder, { clearPort, tlsPort }, { instance, gateway, other, third = other }, { certificate, key }) {
    const server = await fillSample('nginx.conf', [
      ['listen 443 ssl http2;', `listen 127.0.0.1:${tlsPort} ssl http2; listen 127.0.0.1:${clearPort};`],
      ['/etc/ssl/certs/chat.example.pem', certificate],
      ['/etc/ssl/private/chat.example.key', key],
      ['/blindllama/v1/o/a1', `/blindllama/v1/o/${instance}`],
      ['127.0.0.1:8787', gateway],
      ['127.0.0.1:8788', other],
      ['127.0.0.1:8789', third],
    ])
    return writeNginx(folder, server)
  },
}

/** What Debian has around the files of conf.d, without anything outside of `folder`. Gives the program's arguments. */
export async function writeNginx(folder: string, servers: string): Promise<readonly string[]> {
  await mkdir(join(folder, 'temp'), { recursive: true })
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, 'temp', name)};`,
  )
  const lines = [
    'daemon off;',
    // One process: a killed master would leave its workers behind.
    'master_process off;',
    `pid ${join(folder, 'nginx.pid')};`,
    'error_log stderr warn;',
    'events {}',
    'http {',
    ...temporary,
    servers,
    '}',
  ]
  const path = join(folder, 'nginx.conf')
  await writeFile(path, `${lines.join('\n')}\n`)
  return ['-p', folder, '-e', 'stderr', '-c', path]
}
