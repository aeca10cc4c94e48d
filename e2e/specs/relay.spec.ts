import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PageServer } from '../../services/staging/page-server.ts'
import { grownStates } from '../support/growth.ts'
import { requestHeads, type RequestHead } from '../support/http-heads.ts'
import { instanceOf } from '../support/instance.ts'
import { makeCertificate } from '../support/proxies/certificate.ts'
import { nginx } from '../support/proxies/nginx.ts'
import { startRelay } from '../support/proxies/relay.ts'
import { startProxy } from '../support/proxies/stock-proxy.ts'
import { Recorder } from '../support/recorder.ts'
import { writeSdkPage, type SdkGlobals } from '../support/sdk-page.ts'
import { expect, test, type Staging } from '../support/test.ts'
import type { Tab } from '../support/tab.ts'

/** The visitor's address; everything else on this machine is 127.0.0.1. */
const visitor = '127.0.0.2'
const question = 'Please explain the word xylophone to a child.'

/** A visitor, a relay and a gateway in a row, with the wire on both sides of the relay in view. */
interface Row {
  readonly folder: string
  /** Between visitor and relay. */
  readonly before: Recorder
  /** Between relay and gateway. */
  readonly behind: Recorder
  stop(): Promise<void>
}

async function startRow(staging: Staging, misbehaviour = ''): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'blindllama-relay-'))
  const relayFolder = join(folder, 'relay')
  await mkdir(relayFolder)
  const certificate = await makeCertificate(folder)
  const behind = await Recorder.start(staging.url)
  const relay = await startRelay({ folder: relayFolder, certificate, gateway: behind.address, misbehaviour })
  const before = await Recorder.start(relay.url, { localAddress: visitor })
  return {
    folder,
    before,
    behind,
    async stop() {
      await before.stop()
      await relay.stop()
      await behind.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Asks through the relay, under an address of the service at which nobody listens. Gives the pieces of the answer. */
async function askThrough(tab: Tab, pages: PageServer, row: Row, staging: Staging): Promise<readonly string[]> {
  pages.publish(row.before.url, {})
  await tab.open(`${pages.origin}/`)
  const { policy, model } = staging
  const options = { url: 'https://service.invalid/', relay: row.before.url, policy }
  const body = JSON.stringify({ model, stream: true, max_tokens: 60, messages: [{ role: 'user', content: question }] })
  return tab.evaluate(
    async (visit) => {
      const { BlindLlama } = globalThis as unknown as SdkGlobals
      const client = await BlindLlama.connect({ ...visit.options, dangerouslyAllowSimulated: true })
      const headers = { 'content-type': 'application/json', authorization: 'Bearer visitors-own-key' }
      const request = { method: 'POST', headers, body: visit.body }
      const response = await client.fetch(`${visit.options.url}v1/chat/completions`, request)
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
      const pieces: string[] = []
      for (let piece = await reader?.read(); piece?.value !== undefined; piece = await reader?.read())
        pieces.push(piece.value)
      client.close()
      return pieces
    },
    { options, body },
  )
}

function namesOf({ fields }: RequestHead): readonly string[] {
  return fields.map(([name]) => name).sort()
}

async function evidenceStatus(relay: string): Promise<number> {
  return (await fetch(new URL(`blindllama/v1/evidence?nonce=${'A'.repeat(43)}&v=1`, relay))).status
}

test.describe('through a relay', () => {
  let pages: PageServer
  let pageFolder: string
  test.beforeAll(async () => {
    pageFolder = await mkdtemp(join(tmpdir(), 'blindllama-relay-page-'))
    pages = await PageServer.start(await writeSdkPage(pageFolder), 0)
  })
  test.afterAll(async () => {
    await pages.stop()
    await rm(pageFolder, { recursive: true, force: true })
  })

  test('the gateway sees neither the address nor anything else of the visitor, the relay nothing of the content', async ({
    browserEngine,
    staging,
  }) => {
    const row = await startRow(staging)
    const { tab, close } = await browserEngine.newTab()
    try {
      const pieces = await askThrough(tab, pages, row, staging)
      expect(pieces.at(-1), 'the answer came to its end').toContain('[DONE]')

      // The relay does see who asks: were its side blind, the rest would prove nothing.
      const arrived = requestHeads(row.before.sentBy('client'))
      expect(arrived.map(({ method }) => method)).toEqual(expect.arrayContaining(['GET', 'POST']))
      for (const head of arrived) expect(namesOf(head)).toEqual(expect.arrayContaining(['origin', 'user-agent']))

      const passedOn = requestHeads(row.behind.sentBy('client'))
      expect(passedOn.map((head) => `${head.method} ${namesOf(head).join(' ')}`)).toEqual([
        'GET host',
        'POST content-length content-type host incremental',
      ])
      expect([...row.behind.peers]).toEqual(['127.0.0.1'])
      for (const trace of [visitor, new URL(pages.origin).host, 'Mozilla'])
        expect(row.behind.bytes.includes(trace), `"${trace}" behind the relay`).toBe(false)
      expect(await readFile(join(staging.folder, 'gateway.log'), 'utf8')).not.toContain(visitor)

      const said = pieces.join('')
      const tokens = said.match(/(?<="content":")[^"]+/g)?.map((token) => token.trim()) ?? []
      const words = tokens.filter((token) => token.length >= 7)
      expect(words.length, 'words of the answer to look for').toBeGreaterThan(0)
      const secrets = [
        question,
        'xylophone',
        '/v1/chat/completions',
        staging.model,
        'visitors-own-key',
        'chat.completion',
      ]
      for (const secret of [...secrets, ...words])
        for (const [side, { bytes }] of Object.entries({ before: row.before, behind: row.behind }))
          expect(bytes.includes(secret), `"${secret}" ${side} the relay`).toBe(false)
      // Nothing of it reached the relay's disk either.
      for (const entry of await readdir(row.folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue
        const file = await readFile(join(entry.parentPath, entry.name))
        expect(file.includes(visitor) || file.includes('ohttp'), `a trace in ${entry.name}`).toBe(false)
      }
    } finally {
      await close()
      await row.stop()
    }
  })

  test('an answer still arrives token by token', async ({ browserEngine, staging }) => {
    const row = await startRow(staging)
    const { tab, close } = await browserEngine.newTab()
    try {
      const pieces = await askThrough(tab, pages, row, staging)
      expect(pieces.length, 'pieces that the page read').toBeGreaterThanOrEqual(grownStates)
      const sent = row.behind.pieces.filter(({ from }) => from === 'server')
      const arrived = row.before.pieces.filter(({ from }) => from === 'server')
      const last = sent.at(-1)?.atMs ?? 0
      const early = arrived.filter(({ atMs }) => atMs < last)
      expect(early.length, 'pieces that left the relay before the gateway had sent the last').toBeGreaterThan(
        arrived.length / 2,
      )
    } finally {
      await close()
      await row.stop()
    }
  })

  test('a relay that tells the address would be noticed', async ({ browserEngine, staging }) => {
    const row = await startRow(staging, 'proxy_set_header X-Forwarded-For $remote_addr;')
    const { tab, close } = await browserEngine.newTab()
    try {
      await askThrough(tab, pages, row, staging)
      expect(row.behind.bytes.includes(visitor)).toBe(true)
    } finally {
      await close()
      await row.stop()
    }
  })

  test('the relay speaks to nobody but the holder of the certificate of the service', async ({ staging }) => {
    const folder = await mkdtemp(join(tmpdir(), 'blindllama-relay-'))
    const folders = ['service', 'right', 'wrong'].map((name) => join(folder, name))
    for (const name of folders) await mkdir(name)
    const [serviceFolder = '', rightFolder = '', wrongFolder = ''] = folders
    const abort = new AbortController()
    const certificate = await makeCertificate(serviceFolder)
    const wire = await Recorder.start(staging.url)
    const target = { instance: await instanceOf(staging), gateway: wire.address, other: wire.address }
    const service = await startProxy(nginx, { folder: serviceFolder, target, certificate, signal: abort.signal })
    const { authority: foreign } = await makeCertificate(wrongFolder)
    const gateway = new URL(service.urls.tls).host
    const right = await startRelay({ folder: rightFolder, certificate, gateway, authority: certificate.authority })
    const wrong = await startRelay({ folder: wrongFolder, certificate, gateway, authority: foreign })
    try {
      expect(await evidenceStatus(right.url)).toBe(200)
      const before = wire.bytes.length
      expect(await evidenceStatus(wrong.url)).toBe(502)
      expect(wire.bytes.length - before, 'bytes that reached the gateway').toBe(0)
    } finally {
      await Promise.all([right.stop(), wrong.stop(), service.stop()])
      abort.abort()
      await wire.stop()
      await rm(folder, { recursive: true, force: true })
    }
  })
})
