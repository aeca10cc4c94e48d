import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { grownStates } from '../support/growth.ts'
import { instanceOf } from '../support/instance.ts'
import { makeCertificate } from '../support/proxies/certificate.ts'
import { proxyKinds } from '../support/proxies/index.ts'
import { startProxy, type ProxyKind } from '../support/proxies/stock-proxy.ts'
import { Recorder } from '../support/recorder.ts'
import { expect, requestsAt, test, type Staging } from '../support/test.ts'

/** Starts a proxy before the gateway, and in front of the proxy somebody who sees what goes over the wire. */
async function startBehind(
  kind: ProxyKind,
  staging: Staging,
): Promise<{ url: string; wire: Recorder; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'blindllama-proxy-'))
  const abort = new AbortController()
  const gateway = new URL(staging.url).host
  const proxy = await startProxy(kind, {
    folder,
    certificate: await makeCertificate(folder),
    target: { instance: await instanceOf(staging), gateway, other: gateway },
    signal: abort.signal,
  })
  const wire = await Recorder.start(proxy.urls.tls)
  return {
    url: `https://${new URL(wire.url).host}/`,
    wire,
    async stop() {
      await wire.stop()
      await proxy.stop()
      abort.abort()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** What the server picks for a client that offers HTTP/2 and HTTP/1.1 (RFC 7301: the choice is the server's). */
async function negotiated(url: string): Promise<string | false | null> {
  const { hostname, port } = new URL(url)
  const offer = { ALPNProtocols: ['h2', 'http/1.1'], rejectUnauthorized: false }
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), ...offer }, () => {
      resolve(socket.alpnProtocol)
      socket.destroy()
    }).on('error', reject)
  })
}

/** The protocols of a ClientHello as RFC 7301 §3.1 writes them, each with its length: both names, in this order. */
const offersBoth = '\u0002h2\u0008http/1.1'

for (const kind of proxyKinds)
  test(`a question is answered token by token over TLS and HTTP/2 through ${kind.name}`, async ({ chat, staging }) => {
    const behind = await startBehind(kind, staging)
    try {
      const before = await requestsAt(staging)
      const page = await chat({ url: behind.url })
      await page.verified()
      const lengths = await page.askAndWatch('Tell me five facts about the sky, with two sentences for each.')
      expect(lengths.length, 'states of the growing answer').toBeGreaterThanOrEqual(grownStates)
      await expect.poll(() => requestsAt(staging)).toBe(before + 1)
      // Handshakes begin in the clear: the browser offered HTTP/2, and whoever does so gets it.
      expect(behind.wire.bytes.includes(offersBoth), 'the browser offers HTTP/2').toBe(true)
      expect(await negotiated(behind.url)).toBe('h2')
    } finally {
      await behind.stop()
    }
  })
