import type { BlindLlamaGlobal } from '@blindllama/web-sdk/script'
import { type DropInGlobals, integrityOf } from '../support/dropin-site.ts'
import { type DeclaredPage, test } from '../support/dropin-test.ts'
import { changedPayload, policyIn } from '../support/policy-signers.ts'
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

/** Attributes of a tag that pins the keys of its policy. */
const keys = (...names: readonly string[]): Readonly<Record<string, string | null>> => ({
  'data-policy': '/signed.json',
  'data-policy-integrity': null,
  'data-policy-keys': names.join(' '),
})

const same = (text: string): string => text

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

  test('lets a form send what a listener adds to it', async ({ declared: { tab, open } }) => {
    const form = '<form action="/other" target="inner"><button>b</button></form>'
    await open({ 'data-upgrade': '/v1/' }, { body: `${form}<iframe name="inner"></iframe>` })
    await tab.evaluate(
      () => document.querySelector('form')?.addEventListener('formdata', ({ formData }) => formData.append('a', 'b')),
      null,
    )
    await tab.click('button')
    await expect.poll(() => tab.evaluate(() => frames[0]?.location.search, null)).toBe('?a=b')
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

test('a script without the verifier beside it says where to put it', async ({ declared: { tab, open, plain } }) => {
  await open({}, { script: '/alone/blindllama.js' })
  const said = await tab.evaluate(async () => {
    const { client } = (globalThis as Global).BlindLlama
    return client?.attest().then(
      () => 'attested',
      ({ message }: Error) => message,
    )
  }, null)
  expect(said).toMatch(
    /Serve blindllama_verifier_bg\.wasm of the same package in the folder of this script \(wasm\.load\)$/,
  )
  expect(plain()).toEqual([])
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

test.describe('a policy by address with data-policy-keys', () => {
  test('is taken where every key signed it', async ({ declared, signers, service: { recorder, site, staging } }) => {
    const { tab, open, plain } = declared
    const [developer, auditor] = [await signers.key('developer'), await signers.key('auditor')]
    site.signed = await signers.sign(staging.policy, ['developer', 'auditor'])
    await open(keys(auditor, developer))
    expect(await askModels(tab, recorder.url)).toBe('sent')
    expect(plain()).toEqual([])
  })

  test('is taken by a worker', async ({ declared, signers, service: { recorder, site, staging } }) => {
    const { tab, open, plain } = declared
    const policyKeys = await signers.key('developer')
    site.signed = await signers.sign(staging.policy, ['developer'])
    await open()
    const options = { url: recorder.url, policy: '/signed.json', policyKeys, dangerouslyAllowSimulated: true }
    const message = { url: `${recorder.url}v1/models`, options }
    expect(await tab.evaluate((each) => (globalThis as Global).askInWorker(each), message)).toBe('200')
    expect(plain()).toEqual([])
  })

  for (const [what, named, change, code] of [
    ['without the signature of one key', ['developer', 'auditor'], same, 'policy.signature'],
    ['signed by another key', ['auditor'], same, 'policy.signature'],
    ['with a changed byte', ['developer'], changedPayload, 'policy.signature'],
    ['that is the policy itself', ['developer'], policyIn, 'policy.envelope'],
  ] as const)
    test(`${what} is ${code}, and nothing is sent`, async ({
      declared: { tab, open, plain },
      signers,
      service: { recorder, site, staging },
    }) => {
      const known = { developer: await signers.key('developer'), auditor: await signers.key('auditor') }
      site.signed = change(await signers.sign(staging.policy, ['developer']))
      await open(keys(...named.map((name) => known[name])))
      expect(await askModels(tab, recorder.url)).toBe(code)
      expect(plain()).toEqual([])
    })

  test('cannot go back to one of an earlier date, until the list of keys is another', async ({
    declared: { tab, open, plain },
    signers,
    service: { recorder, site, staging },
  }) => {
    const [developer, auditor] = [await signers.key('developer'), await signers.key('auditor')]
    const older = await signers.sign(staging.policy, ['developer', 'auditor'])
    const newer = await signers.sign(staging.policy, ['developer', 'auditor'])
    site.signed = newer
    await open(keys(developer))
    expect(await askModels(tab, recorder.url)).toBe('sent')
    site.signed = older
    await open(keys(developer))
    expect(await askModels(tab, recorder.url)).toBe('policy.back')
    await open(keys(developer, auditor))
    expect(await askModels(tab, recorder.url)).toBe('sent')
    expect(plain()).toEqual([])
  })

  for (const [what, tag, code] of [
    ['beside a hash', { 'data-policy-integrity': integrityOf('{}') }, 'client.options'],
    ['and keys that are none', { 'data-policy-keys': 'sha384-abc' }, 'policy.unpinned'],
    ['and no key', { 'data-policy-keys': '' }, 'policy.unpinned'],
    ['and a policy that is written out', { 'data-policy': '{}' }, 'client.options'],
  ] as const)
    test(`${what} is ${code}, and nothing is sent`, async ({
      declared: { tab, open, plain },
      service: { recorder },
    }) => {
      await open({ ...keys('1a'.repeat(32)), ...tag })
      expect(await askModels(tab, recorder.url)).toBe(code)
      expect(plain()).toEqual([])
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

/** Waits for that many blocked ways of a page that declares `/v1/`; each was reported, and nothing was sent. */
async function expectBlocked({ tab, plain }: DeclaredPage, url: string, count: number): Promise<void> {
  await expect
    .poll(() => tab.evaluate(() => (globalThis as Global).faults, null))
    .toEqual(Array.from({ length: count }, () => 'dropin.unsupported_transport'))
  // What the page sends after it arrives later.
  await tab.evaluate((end) => fetch(end).catch(() => {}), `${url}end`)
  expect(plain().filter((line) => !line.endsWith('/end'))).toEqual([])
}

test.describe('objects that say another address than they send to', () => {
  test('are read as the platform reads them', async ({ declared: { tab, open, plain }, service: { recorder } }) => {
    await open({ 'data-upgrade': '/v1/' })
    const ends = await tab.evaluate(
      async ({ url, body }) => {
        const { attempt } = globalThis as Global
        class Renamed extends Request {
          override get url(): string {
            return new URL('/other', location.href).href
          }
          override toString(): string {
            return url
          }
        }
        const headers = { 'content-type': 'application/json' }
        return {
          status: (await fetch(new Renamed(url, { method: 'POST', headers, body }))).status,
          beacon: await attempt(() =>
            navigator.sendBeacon(new Renamed('/other') as unknown as string, 'private words'),
          ),
          list: await attempt(() => navigator.sendBeacon([[[url]]] as unknown as string, 'private words')),
          cached: await attempt(async () => (await caches.open('x')).add(new Renamed(url))),
        }
      },
      { url: `${recorder.url}v1/chat/completions`, body: question },
    )
    const refused = 'dropin.unsupported_transport'
    expect(ends).toEqual({ status: 200, beacon: refused, list: refused, cached: refused })
    expect(plain()).toEqual([])
  })
})

test.describe('a form in a shadow root', () => {
  for (const kind of ['open', 'closed', 'declarative'] as const)
    test(`that is ${kind} is blocked and reported`, async ({ declared, service: { recorder } }) => {
      const { tab, open } = declared
      const start = `<form method="post" action="${recorder.url}v1/chat/completions" target="inner"><input name="words">`
      const form = `${start}<button style="display: block; width: 100%; height: 100px">b</button></form>`
      // One for each way, because a root that was found once stays guarded. The middle of the second one is its button.
      const forms = [`${start}</form>`, form.replace('inner', '_blank'), form, form, form]
      const hosts = forms.map((each) =>
        kind === 'declarative' ? `<div><template shadowrootmode="open">${each}</template></div>` : '<div></div>',
      )
      await open({ 'data-upgrade': '/v1/' }, { body: `${hosts.join('')}<iframe name="inner"></iframe>` })
      await tab.evaluate(
        ({ mode, inside }) => {
          const roots = Array.from(document.querySelectorAll('div'), (host, at) => {
            const root = mode === 'declarative' ? host.shadowRoot : host.attachShadow({ mode })
            if (root && mode !== 'declarative') root.innerHTML = inside[at] ?? ''
            return root
          })
          roots[0]?.querySelector('input')?.focus()
          roots[2]?.querySelector('form')?.requestSubmit()
          roots[3]?.querySelector('button')?.click()
          roots[4]?.querySelector('button')?.dispatchEvent(new MouseEvent('click'))
        },
        { mode: kind, inside: forms },
      )
      await expectBlocked(declared, recorder.url, 3)
      await tab.press('Enter')
      await expectBlocked(declared, recorder.url, 4)
      await tab.click('div:nth-of-type(2)')
      await expectBlocked(declared, recorder.url, 5)
    })
})

test('a form whose address a listener changes is blocked and reported', async ({ declared, service: { recorder } }) => {
  const { tab, open } = declared
  await open({ 'data-upgrade': '/v1/' }, { body: '<iframe name="inner"></iframe>' })
  const ends = await tab.evaluate(async (base) => {
    const url = `${base}v1/chat/completions`
    const ways: Record<string, (form: HTMLFormElement, button: HTMLButtonElement) => void> = {
      action: (form) => (form.action = url),
      formAction: (_, button) => (button.formAction = url),
      'the attribute': (form) => form.setAttribute('action', url),
      'the node of the attribute': (form) => {
        const node = form.getAttributeNode('action')
        if (node) node.value = url
      },
      'a listener of formdata': (form) => form.addEventListener('formdata', () => (form.action = url)),
      'the base of the document': () => {
        const element = document.createElement('base')
        element.href = url
        document.head.append(element)
      },
    }
    const made = Object.values(ways).map((change) => {
      const form = document.createElement('form')
      form.method = 'post'
      form.action = 'completions'
      form.target = 'inner'
      form.innerHTML = '<input name="replaceWith" value="private words"><button>b</button>'
      form.addEventListener('submit', (event) => {
        event.stopPropagation()
        change(form, event.submitter as HTMLButtonElement)
      })
      document.body.append(form)
      form.querySelector('button')?.click()
      return form
    })
    await new Promise((resolve) => setTimeout(resolve))
    return made.map((form) => document.body.contains(form))
  }, recorder.url)
  expect(ends, 'the forms are in their places').toEqual(Array.from({ length: 6 }, () => true))
  await expectBlocked(declared, recorder.url, 6)
  const read = await tab.evaluate(() => {
    const form = document.querySelector('form')
    return form ? new FormData(form).get('replaceWith') : undefined
  }, null)
  expect(read, 'reading a form is no submission').toBe('private words')
  await expectBlocked(declared, recorder.url, 6)
})

test('a link outside of the document is blocked and reported', async ({ declared, service: { recorder } }) => {
  const { tab, open } = declared
  await open({ 'data-upgrade': '/v1/' }, { body: '<div id="host"></div>' })
  const url = `${recorder.url}v1/models?q=private`
  const end = await tab.evaluate((address) => {
    const made = (): HTMLAnchorElement => {
      const link = document.createElement('a')
      link.target = '_blank'
      link.href = address
      link.innerHTML = '<b style="display: block; height: 100px">link</b>'
      return link
    }
    made().click()
    made().querySelector('b')?.click()
    made().dispatchEvent(new MouseEvent('click'))
    made().dispatchEvent(new UIEvent('DOMActivate'))
    document.querySelector('#host')?.attachShadow({ mode: 'closed' }).append(made())
    return (globalThis as Global).attempt(() => document.open(address, '_blank', ''))
  }, url)
  expect(end).toBe('dropin.unsupported_transport')
  await expectBlocked(declared, recorder.url, 4)
  await tab.click('#host')
  await expectBlocked(declared, recorder.url, 5)
})

test('a document that is written anew is guarded too', async ({ declared, service: { recorder } }) => {
  const { tab, open } = declared
  await open({ 'data-upgrade': '/v1/' })
  await tab.evaluate((url) => {
    document.open()
    document.write(`<form method="post" action="${url}" target="_blank"><button>b</button></form>`)
    document.close()
    // It forgot this listener.
    addEventListener('error', ({ error }) => ((globalThis as Global).faults as unknown[]).push(error?.code))
  }, `${recorder.url}v1/chat/completions`)
  await tab.click('button')
  await expectBlocked(declared, recorder.url, 1)
})

test('places of the same document are not blocked, whatever is declared', async ({ declared: { tab, open } }) => {
  await open({ 'data-url': '/', 'data-upgrade': '' })
  await tab.evaluate(() => {
    const link = document.createElement('a')
    link.href = '#there'
    document.body.append(link)
    link.click()
  }, null)
  const reached = (): Promise<string> => tab.evaluate(() => location.hash, null)
  // Firefox goes there in a later task.
  await expect.poll(reached).toBe('#there')
  await tab.evaluate(() => history.pushState(null, '', '#here'), null)
  expect(await reached()).toBe('#here')
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
