import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PageServer } from '../../services/staging/page-server.ts'
import { startStaging, type Staging } from '../../services/staging/staging.ts'
import { askIn, attestationsOf, connectIn, wasRestored, type Service } from '../support/held-client.ts'
import { makeCertificate } from '../support/proxies/certificate.ts'
import { writeSdkPage } from '../support/sdk-page.ts'
import { ServiceProxy, type ForeignAnswer, type ProxyBehaviour } from '../support/service-proxy.ts'
import { expect, test } from '../support/test.ts'
import type { Tab } from '../support/tab.ts'
import { RestartableUpstream } from '../support/upstream/restartable-upstream.ts'

const html = { 'content-type': 'text/html' }
/** Where page and service share an origin, a page reads whatever answers; elsewhere browsers hide it. */
const readable = { 'access-control-allow-origin': '*' }
const login: ForeignAnswer = { status: 302, headers: { location: 'http://127.0.0.1:9/login' }, body: '' }
const welcome: ForeignAnswer = { status: 200, headers: html, body: '<h1>Welcome to our network</h1>' }
const badGateway: ForeignAnswer = { status: 502, headers: html, body: '<h1>502 Bad Gateway</h1>' }

const strangers: readonly [what: string, foreign: ForeignAnswer, evidence: string, answer: string][] = [
  ['a redirect to a login page', login, 'evidence.unreachable', 'request.unknown_fate'],
  ['a login page', welcome, 'evidence.unreachable', 'request.unknown_fate'],
  ['a login page that the page may read', shown(welcome), 'evidence.media_type', 'channel.media_type'],
  ['the error page of a proxy', badGateway, 'evidence.unreachable', 'request.unknown_fate'],
  ['the error page of a proxy that the page may read', shown(badGateway), 'evidence.status', 'request.unknown_fate'],
]

function shown(foreign: ForeignAnswer): ForeignAnswer {
  return { ...foreign, headers: { ...foreign.headers, ...readable } }
}

test.describe('a page', () => {
  let folder: string
  let pages: PageServer
  let staging: Staging
  const abort = new AbortController()

  test.beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'blindllama-lifecycle-'))
    const page = await writeSdkPage(folder)
    await writeFile(join(page, 'elsewhere.html'), '<!doctype html><title>elsewhere</title>')
    pages = await PageServer.start(page, 0)
    const upstream = await RestartableUpstream.start(folder, abort.signal)
    staging = await startStaging({ upstream: upstream.url, page, origins: [pages.origin] })
  })
  test.afterAll(async () => {
    await staging.stop()
    await pages.stop()
    abort.abort()
    await rm(folder, { recursive: true, force: true })
  })

  /** Opens the page for a service that can be reached through `proxy` alone. */
  async function visit(tab: Tab, proxy: ServiceProxy): Promise<Service> {
    pages.publish(proxy.url, {})
    await tab.open(`${pages.origin}/`)
    return { url: proxy.url, policy: staging.policy }
  }

  async function through(behaviour: ProxyBehaviour, tls = false): Promise<ServiceProxy> {
    return ServiceProxy.start(staging.url, behaviour, tls ? await makeCertificate(folder) : undefined)
  }

  test('attests anew when it comes back from the back-forward cache, before it sends anything', async ({
    browserEngine,
  }) => {
    const proxy = await through({})
    const { tab, close } = await browserEngine.newTab()
    try {
      const service = await visit(tab, proxy)
      expect(await connectIn(tab, service)).toBe('ok')
      expect(await askIn(tab, service)).toBe('ok')
      await tab.open(`${pages.origin}/elsewhere.html`)
      await tab.back()
      // While one page takes the place of the other, there is none to be asked.
      await expect(async () => expect(await wasRestored(tab), 'it came back as it was').toBe(true)).toPass()

      proxy.arrived.length = 0
      expect(await askIn(tab, service)).toBe('ok')
      expect(await attestationsOf(tab)).toEqual(['connect', 'expired'])
      expect(proxy.arrived.filter((what) => what !== 'OPTIONS')).toEqual(['evidence', 'POST'])
    } finally {
      await close()
      await proxy.stop()
    }
  })

  for (const [what, jumpMs] of [
    ['where its machine slept for an hour', 3_600_000],
    ['where its clock was set back by an hour', -3_600_000],
  ] as const)
    test(`attests anew ${what}, before it sends anything`, async ({ browserEngine }) => {
      const proxy = await through({})
      const { tab, close } = await browserEngine.newTab()
      try {
        const service = await visit(tab, proxy)
        expect(await connectIn(tab, service)).toBe('ok')
        // Machines cannot be put to sleep here; to a page it is the wall clock that went on without the monotonic one.
        await tab.evaluate((jump) => {
          const now = Date.now.bind(Date)
          Date.now = () => now() + jump
        }, jumpMs)

        proxy.arrived.length = 0
        expect(await askIn(tab, service)).toBe('ok')
        expect(await attestationsOf(tab)).toEqual(['connect', 'expired'])
        expect(proxy.arrived.filter((step) => step !== 'OPTIONS')).toEqual(['evidence', 'POST'])
      } finally {
        await close()
        await proxy.stop()
      }
    })

  test('sends nothing while it is offline, says so, and goes on afterwards @offline', async ({ browserEngine }) => {
    const proxy = await through({}, true)
    const { tab, close } = await browserEngine.newTab()
    try {
      const service = await visit(tab, proxy)
      expect(await connectIn(tab, service)).toBe('ok')
      proxy.arrived.length = 0
      await tab.setOffline(true)
      expect(await askIn(tab, service)).toMatchObject({
        code: 'channel.unreachable',
        message: expect.stringContaining('nothing was sent'),
      })
      expect(await connectIn(tab, service)).toMatchObject({ code: 'evidence.unreachable' })
      expect(proxy.arrived).toEqual([])
      await tab.setOffline(false)
      expect(await askIn(tab, service)).toBe('ok')
      expect(proxy.posts).toBe(1)
    } finally {
      await close()
      await proxy.stop()
    }
  })

  for (const [what, foreign, evidence, answer] of strangers)
    test(`takes ${what} for what it is, before it has a key and afterwards`, async ({ browserEngine }) => {
      let inPlace: ForeignAnswer | undefined = foreign
      const hidden = !('access-control-allow-origin' in foreign.headers)
      const proxy = await through({ instead: (method) => (hidden || method !== 'OPTIONS' ? inPlace : undefined) })
      const { tab, close } = await browserEngine.newTab()
      try {
        const service = await visit(tab, proxy)
        expect(await connectIn(tab, service)).toMatchObject({ code: evidence })
        inPlace = undefined
        expect(await connectIn(tab, service), 'after the login').toBe('ok')
        inPlace = foreign
        const outcome = await askIn(tab, service)
        expect(outcome).toMatchObject({ code: answer })
        expect(JSON.stringify(outcome)).not.toContain('<h1>')
        inPlace = undefined
        expect(await askIn(tab, service), 'once the stranger is gone').toBe('ok')
        // A stranger with status 200 is no sign that the gateway is gone: the key that is held serves on.
        const held = answer === 'channel.media_type'
        expect(await attestationsOf(tab)).toEqual(held ? ['connect'] : ['connect', 'gone', 'expired'])
      } finally {
        await close()
        await proxy.stop()
      }
    })
})
