import type { BlindLlamaGlobal } from '@blindllama/web-sdk/script'
import { type DropInGlobals, integrityOf } from '../support/dropin-site.ts'
import { test } from '../support/dropin-test.ts'
import type { Tab } from '../support/tab.ts'
import { expect } from '../support/test.ts'

type Global = typeof globalThis & DropInGlobals & { readonly BlindLlama: BlindLlamaGlobal }

const question = JSON.stringify({
  model: 'any',
  stream: true,
  messages: [{ role: 'user', content: 'private words' }],
  tokens: 3,
})

/** The code of a request to a declared address, or `sent`. */
function askModels(tab: Tab, url: string): Promise<string> {
  return tab.evaluate((models) => (globalThis as Global).attempt(() => fetch(models)), `${url}v1/models`)
}

/** The recipe of docs/INTEGRATING.md. */
function recipe(service: string): string {
  return [
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'",
    `connect-src 'self' ${service}blindllama/v1/`,
    "form-action 'self'",
  ].join('; ')
}

/** Asks for a declared address by each of the ways that no script can close, and says how each ended. */
function askPast(tab: Tab, url: string): Promise<Readonly<Record<string, string>>> {
  return tab.evaluate(async (models) => {
    const { attempt, early, askInFrame, askInWorker } = globalThis as Global
    return {
      'an earlier fetch': await attempt(() => early(models, { mode: 'no-cors' })),
      'a frame': await askInFrame(models, '/frame.html'),
      'an empty frame': await askInFrame(models),
      'a worker': await askInWorker({ url: models }),
    }
  }, url)
}

test.describe('the fetch of a page with data-upgrade', () => {
  test('goes through the channel, and the answer streams', async ({ declared: { tab, open, plain }, service }) => {
    await open()
    const said = await tab.evaluate(
      async ({ url, body }) => {
        const headers = { 'content-type': 'application/json' }
        const response = await fetch(`${url}v1/chat/completions`, { method: 'POST', headers, body })
        const data: string[] = []
        for await (const event of BlindLlama.events(response)) data.push(event.data)
        return { status: response.status, data, release: BlindLlama.client?.verdict?.release }
      },
      { url: service.recorder.url, body: question },
    )
    expect(said.status).toBe(200)
    expect(said.data.length).toBeGreaterThan(2)
    expect(said.data.at(-1)).toBe('[DONE]')
    expect(said.release).toBeTruthy()
    expect(plain()).toEqual([])
    expect(service.recorder.bytes.includes('private words')).toBe(false)
  })

  test('finds a declared address in every spelling', async ({ declared: { tab, open, plain }, service }) => {
    await open({ 'data-upgrade': '/v1/' })
    const { host } = new URL(service.recorder.url)
    const ends = await tab.evaluate(async (at) => {
      const spellings: (RequestInfo | URL)[] = [
        `http://${at}/v1/models`,
        new URL(`http://${at}/v1/models`),
        new Request(`http://${at}/v1/models`),
        `//${at}/v1/models`,
        `HTTP://${at}/./x/../v1/models`,
        `http://${at}/%76%31/models`,
        `http://${at}//v1/models`,
        `http://${at}/V1/models`,
        `http://${at}/v1;x/models`,
        `http://${at}/x/..%2fv1/models`,
      ]
      const found: string[] = []
      for (const each of spellings)
        found.push(
          await fetch(each).then(
            ({ status }) => String(status),
            ({ code }: { code: string }) => code,
          ),
        )
      return found
    }, host)
    expect(ends.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => '200'))
    // Another spelling is no route of the gateway; it is never sent in clear text.
    expect(ends.slice(5)).toEqual(Array.from({ length: 5 }, () => '404'))
    expect(plain()).toEqual([])
  })

  test('leaves what is not declared to the platform', async ({
    declared: { tab, open, plain },
    service: { site, recorder },
  }) => {
    await open({ 'data-upgrade': '/v1/' })
    const asked = site.asked.length
    const ends = await tab.evaluate(async (url) => {
      const { attempt, askByXhr } = globalThis as Global
      const beacon = navigator.sendBeacon('/beacon', 'x')
      return [
        (await fetch('/other')).status,
        await askByXhr('/other'),
        beacon,
        await attempt(() => fetch(`${url}elsewhere`)),
      ]
    }, recorder.url)
    expect(ends).toEqual([404, 404, true, 'sent'])
    expect(plain()).toEqual(['GET /elsewhere'])
    await expect.poll(() => site.asked.slice(asked).sort()).toEqual(['GET /other', 'GET /other', 'POST /beacon'])
  })

  test('sends nothing to a service that is refused', async ({
    declared: { tab, open, plain },
    service: { recorder },
  }) => {
    await open({ 'data-dangerously-allow-simulated': null })
    const models = `${recorder.url}v1/models`
    expect(await tab.evaluate((url) => (globalThis as Global).attempt(() => fetch(url)), models)).toBe('ak.simulated')
    expect(plain()).toEqual([])
  })
})

test.describe('a policy by address', () => {
  for (const [what, tag, code] of [
    ['without a hash', { 'data-policy-integrity': null }, 'policy.unpinned'],
    ['with an empty hash', { 'data-policy-integrity': ' ' }, 'policy.unpinned'],
    ['with a hash that is none', { 'data-policy-integrity': 'sha384-abc' }, 'policy.unpinned'],
    ['with the hash of another file', { 'data-policy-integrity': integrityOf('{}') }, 'policy.integrity'],
    ['that is not there', { 'data-policy': '/elsewhere.json' }, 'policy.unreachable'],
  ] as const)
    test(`${what} is ${code}, and nothing is sent`, async ({
      declared: { tab, open, plain },
      service: { recorder },
    }) => {
      await open(tag)
      expect(await askModels(tab, recorder.url)).toBe(code)
      expect(plain()).toEqual([])
    })

  test('may be written into the tag', async ({ declared: { tab, open }, service: { recorder, staging } }) => {
    await open({ 'data-policy': staging.policy, 'data-policy-integrity': null })
    expect(await askModels(tab, recorder.url)).toBe('sent')
  })
})

test.describe('a tag that cannot be read', () => {
  for (const [what, tag] of [
    ['with an attribute that nobody knows', { 'data-upgrade': null, 'data-upgrde': '' }],
    ['with an attribute that lacks data-', { 'data-upgrade': null, upgrade: '' }],
    ['with an attribute that has another dash', { 'data-upgrade': null, data_upgrade: '' }],
    ['with an integrity that is misspelt', { integrty: 'sha384-abc' }],
    ['with async', { async: '' }],
    ['of a module', { type: 'module' }],
    ['with a path that is not below the service', { 'data-upgrade': 'https://elsewhere.example/v1/' }],
    ['without an address', { 'data-url': null }],
  ] as const)
    test(`${what} sends nothing at all`, async ({ declared: { tab, open, plain }, service: { recorder } }) => {
      await open(tag)
      // Scripts with `async` and modules run when they are there.
      await expect.poll(() => tab.evaluate(() => 'BlindLlama' in globalThis, null)).toBe(true)
      const ends = await tab.evaluate(async (url) => {
        const { attempt } = globalThis as Global
        return [await attempt(() => fetch(url)), await attempt(() => fetch('/other'))]
      }, `${recorder.url}v1/models`)
      expect(ends).toEqual(['dropin.tag', 'dropin.tag'])
      expect(await tab.evaluate(() => (globalThis as Global).faults, null)).toContain('dropin.tag')
      expect(plain()).toEqual([])
    })
})

test.describe('a way past the fetch of the page', () => {
  test('throws for a declared address', async ({ declared: { tab, open, plain }, service: { recorder } }) => {
    await open()
    const ends = await tab.evaluate(async (base) => {
      const { attempt } = globalThis as Global
      const url = `${base}v1/chat/completions`
      const socket = url.replace('http', 'ws')
      const ways: Record<string, () => unknown> = {
        XMLHttpRequest: () => new XMLHttpRequest().open('POST', url),
        'XMLHttpRequest, by URL': () => new XMLHttpRequest().open('POST', new URL(url)),
        EventSource: () => new EventSource(url),
        'EventSource, by its prototype': () => new (EventSource.prototype.constructor as typeof EventSource)(url),
        WebSocket: () => new WebSocket(socket),
        'WebSocket, by http': () => new WebSocket(url),
        'WebSocket, of a subclass': () => new (class extends WebSocket {})(socket),
        sendBeacon: () => navigator.sendBeacon(url, 'private words'),
        'sendBeacon, by its prototype': () => Navigator.prototype.sendBeacon.call(navigator, url, 'private words'),
        'window.open': () => window.open(`${url}?q=private`),
        'Cache.add': async () => (await caches.open('x')).add(url),
        'Cache.addAll': async () => (await caches.open('x')).addAll(['/late.js', new Request(url)]),
        'form.submit': () => {
          const form = document.createElement('form')
          form.action = url
          document.body.append(form)
          form.submit()
        },
        'an address that changes': () => {
          let read = 0
          const address = { toString: () => (read++ === 0 ? '/other' : url) }
          return fetch(address as unknown as string)
        },
        // Where the platform has them.
        ...('fetchLater' in globalThis && {
          fetchLater: () => (globalThis as unknown as { fetchLater: typeof fetch }).fetchLater(url, { method: 'POST' }),
        }),
        ...('WebTransport' in globalThis && { WebTransport: () => new WebTransport(url.replace('http:', 'https:')) }),
      }
      const found: Record<string, string> = {}
      for (const [name, way] of Object.entries(ways)) found[name] = await attempt(way)
      return found
    }, recorder.url)
    const { 'an address that changes': changing, WebTransport: transport, ...others } = ends
    for (const [name, end] of Object.entries(others)) expect(end, name).toBe('dropin.unsupported_transport')
    expect(changing, 'the first reading counts').toBe('sent')
    expect(transport, 'another protocol, port and server').not.toBe('sent')
    expect(plain()).toEqual([])
  })

  test('by a form, a button or a link is blocked and reported', async ({
    declared: { tab, open, plain },
    service: { recorder },
  }) => {
    const url = `${recorder.url}v1/chat/completions`
    const field = '<input name="action" value="private words">'
    const body = `<form id="get" action="${url}">${field}<button id="a">a</button></form>
      <form method="post" action="${url}">${field}<button id="b">b</button></form>
      <form method="post" action="/other"><button id="c" formaction="${url}">c</button></form>
      <a id="d" href="${url}?q=private"><b>link</b></a> <a id="e" href="/other" ping="${url}">ping</a>`
    await open({}, { body })
    for (const id of ['a', 'b', 'c', 'd', 'e']) await tab.click(`#${id}`)
    await tab.evaluate(() => document.querySelector<HTMLFormElement>('#get')?.requestSubmit(), null)
    await expect
      .poll(() => tab.evaluate(() => (globalThis as Global).faults, null))
      .toEqual(Array.from({ length: 6 }, () => 'dropin.unsupported_transport'))
    expect(plain()).toEqual([])
  })

  test('by navigation is blocked where the platform tells of it', async ({
    declared: { tab, open, plain },
    service: { recorder },
  }) => {
    await open()
    const url = `${recorder.url}v1/models?q=private`
    const tells = await tab.evaluate((address) => {
      const can = 'navigation' in globalThis
      if (can) setTimeout(() => location.assign(address))
      return can
    }, url)
    if (!tells) return
    await expect
      .poll(() => tab.evaluate(() => (globalThis as Global).faults, null))
      .toEqual(['dropin.unsupported_transport'])
    expect(plain()).toEqual([])
  })
})

test('places of the same document are not blocked, whatever is declared', async ({ declared: { tab, open } }) => {
  await open({ 'data-url': '/', 'data-upgrade': '' })
  const reached = await tab.evaluate(() => {
    const link = document.createElement('a')
    link.href = '#there'
    document.body.append(link)
    link.click()
    const byLink = location.hash
    history.pushState(null, '', '#here')
    return [byLink, location.hash]
  }, null)
  expect(reached).toEqual(['#there', '#here'])
  expect(await tab.evaluate(() => (globalThis as Global).faults, null)).not.toContain('dropin.unsupported_transport')
})

test.describe('ways that no script can close', () => {
  test('are open without the recipe', async ({ declared: { tab, open, plain }, service: { recorder } }) => {
    await open()
    await askPast(tab, `${recorder.url}v1/models`)
    expect(plain()).toEqual(Array.from({ length: 4 }, () => 'GET /v1/models'))
  })

  test('are closed by connect-src, and the channel is not', async ({
    declared: { tab, open, plain },
    service: { recorder },
  }) => {
    await open({}, { csp: recipe(recorder.url) })
    const models = `${recorder.url}v1/models`
    const ends = await askPast(tab, models)
    for (const [way, end] of Object.entries(ends)) expect(end, way).not.toMatch(/^(?:sent|\d+)$/)
    expect(await tab.evaluate(async (url) => (await fetch(url)).status, models)).toBe(200)
    expect(plain()).toEqual([])
  })
})

test('a worker declares its endpoints by BlindLlama.upgrade', async ({
  declared: { tab, open, plain },
  service: { recorder, staging },
}) => {
  await open()
  const end = (options: object): Promise<string> =>
    tab.evaluate((message) => (globalThis as Global).askInWorker(message), { url: `${recorder.url}v1/models`, options })
  const { url } = recorder
  const policyIntegrity = integrityOf(staging.policy)
  const pinned = { url, policy: '/policy.json', policyIntegrity, upgrade: ['/v1/'], dangerouslyAllowSimulated: true }
  expect(await end(pinned)).toBe('200')
  expect(await end({ ...pinned, policyIntegrity: undefined })).toBe('policy.unpinned')
  expect(await end({ ...pinned, policyIntegrity: integrityOf('{}') })).toBe('policy.integrity')
  expect(plain()).toEqual([])
})
