import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startStaging } from '../../services/staging/staging.ts'
import { ChatUpstream } from '../support/chat-upstream.ts'
import { complaints } from '../support/axe.ts'
import { pdfWith } from '../support/pdf.ts'
import { expect, test, type Chat, type Staging } from '../support/test.ts'

const MARKDOWN = `## Why

| colour | scatters |
|:--|--:|
| blue | most |

> quoted

1. one
   - nested

\`\`\`js
const sky = 'blue'
\`\`\`

A formula $a^2 + b^2$, [a link](https://third-party.example/?q=secret) and ![an image](https://third-party.example/p.png).`

const at = (name: string): string => `[data-testid="${name}"]`

async function exists(page: Chat, selector: string): Promise<void> {
  await expect.poll(() => page.count(selector), { message: selector }).toBeGreaterThan(0)
}

/** How many conversations are stored on the device, its settings left out. */
async function kept({ tab }: Chat): Promise<number> {
  return tab.evaluate(async () => {
    const db = await new Promise<IDBDatabase | undefined>((resolve) => {
      const opening = indexedDB.open('blindllama-chat')
      opening.addEventListener('success', () => resolve(opening.result))
      // There is none yet, and none is made.
      opening.addEventListener('upgradeneeded', () => opening.transaction?.abort())
      opening.addEventListener('error', () => resolve(undefined))
    })
    if (db === undefined) return 0
    const ids = await new Promise<readonly IDBValidKey[]>((resolve) => {
      const reading = db.transaction('records').objectStore('records').getAllKeys()
      reading.addEventListener('success', () => resolve(reading.result))
    })
    db.close()
    return ids.filter((id) => id !== 'settings').length
  }, null)
}

/** Runs inside the page: pastes a megabyte into the field. @returns the longest pause between two turns of the page then, in ms */
async function longestPauseOf(selector: string): Promise<number> {
  const text = 'long words '.repeat(100_000)
  const data = new DataTransfer()
  data.setData('text/plain', text)
  const field = document.querySelector<HTMLTextAreaElement>(selector)
  field?.focus()
  let last = performance.now()
  let longestMs = 0
  const timer = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - last)
    last = performance.now()
  }, 10)
  const pasted = new Event('paste', { bubbles: true, cancelable: true })
  // Not every engine lets a script make the event of the clipboard with its data.
  field?.dispatchEvent(Object.defineProperty(pasted, 'clipboardData', { value: data }))
  await new Promise((resolve) => setTimeout(resolve, 1500))
  clearInterval(timer)
  return longestMs
}

test.describe('the chat as a product', () => {
  let upstream: ChatUpstream
  let service: Staging
  test.beforeAll(async ({ pageServer }) => {
    upstream = await ChatUpstream.start()
    service = await startStaging({ upstream: upstream.url, origins: [pageServer.origin] })
  })
  test.afterAll(async () => {
    await service?.stop()
    await upstream?.stop()
  })
  test.beforeEach(() => {
    upstream.asked.length = 0
    upstream.answer = { deltas: [{ content: 'Yes.' }] }
  })

  const visit = async (chat: (visit: { url: string; policy: string }) => Promise<Chat>): Promise<Chat> => {
    const page = await chat({ url: service.url, policy: service.policy })
    await page.verified()
    return page
  }

  test('Markdown, code and formulas are shown under the strict policy, and nothing of an answer loads or leaves', async ({
    chat,
  }) => {
    const page = await visit(chat)
    await page.tab.evaluate(() => {
      const refused: string[] = []
      Object.assign(globalThis, { refused })
      document.addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective))
    }, null)
    upstream.answer = { deltas: [...MARKDOWN].map((content) => ({ content })) }
    await page.ask('Why?')
    await page.ended('complete')
    for (const selector of ['table td[data-align="right"]', 'blockquote p', 'ol ul li', '.hljs-keyword', 'math msup'])
      await exists(page, `.answer-text ${selector}`)
    expect(await page.count('.answer-text :is(a, img, [href], [src], [style])')).toBe(0)

    await page.tab.click('.outward-link')
    await exists(page, `${at('leaving')}[open]`)
    expect(await page.text(at('leaving'))).toContain('https://third-party.example/?q=secret')
    const origins = await page.tab.evaluate(
      () => [...new Set(performance.getEntriesByType('resource').map(({ name }) => new URL(name).origin))],
      null,
    )
    const own = await page.tab.evaluate(() => location.origin, null)
    expect(origins.toSorted(), 'everything that the page ever loaded').toEqual(
      [own, new URL(service.url).origin].toSorted(),
    )
    expect(await page.tab.evaluate(() => (globalThis as { refused?: string[] }).refused, null)).toEqual([])
  })

  test('reasoning is folded, and the server’s own message stands beside the sentence of the page', async ({ chat }) => {
    const page = await visit(chat)
    upstream.answer = { deltas: [{ reasoning_content: 'Let me think.' }, { content: 'Done.' }] }
    await page.ask('Why?')
    await page.ended('complete')
    expect(await page.text(at('reasoning'))).toContain('Let me think.')
    expect(await page.count(`${at('reasoning')}[open]`)).toBe(0)
    expect((await page.answer())?.said).toBe('Done.')

    upstream.answer = { error: { status: 400, message: 'the context has 4096 tokens' } }
    await page.ask('And?')
    const failed = await page.ended('incomplete', 1)
    expect(failed.code).toBe('http.400')
    expect(failed.text).toContain('The server says: “the context has 4096 tokens”')
  })

  test('the settings are sent, and the models are those of the service', async ({ chat }) => {
    const page = await visit(chat)
    await page.tab.click(at('open-settings'))
    await expect.poll(() => page.text(at('model'))).toContain('seeing')
    await page.tab.type(at('temperature'), '0.5')
    await page.tab.type(at('max-tokens'), '99')
    await page.tab.type(at('instructions'), ' Be brief.')
    await page.tab.evaluate((selector) => {
      const field = document.querySelector<HTMLSelectElement>(selector)
      if (!field) return
      field.value = 'seeing'
      field.dispatchEvent(new Event('change', { bubbles: true }))
    }, at('model'))
    await page.tab.click(at('settings-close'))
    await page.ask('Why?')
    await page.ended('complete')
    expect(upstream.asked[0]).toMatchObject({ model: 'seeing', temperature: 0.5, max_tokens: 99 })
    expect(upstream.asked[0]?.messages[0]).toMatchObject({
      role: 'system',
      content: expect.stringContaining('Be brief.'),
    })
  })

  test('text, a PDF and an image are read on the device and sent', async ({ chat }, info) => {
    const page = await visit(chat)
    const text = info.outputPath('notes.txt')
    const pdf = info.outputPath('paper.pdf')
    writeFileSync(text, 'the notes say marmalade')
    writeFileSync(pdf, pdfWith('the paper says xylophone'))
    await page.tab.chooseFile(at('files'), text)
    await expect.poll(() => page.count(at('attachment'))).toBe(1)
    await page.tab.chooseFile(at('files'), pdf)
    await expect.poll(() => page.count(at('attachment')), { timeout: 40_000 }).toBe(2)
    const icon = fileURLToPath(new URL('../../examples/react-chat/public/icons/192.png', import.meta.url))
    await page.tab.chooseFile(at('files'), icon)
    await expect.poll(() => page.text(at('attachment-problem'))).toContain('does not say that this model reads images')
    await page.tab.click(at('open-settings'))
    await exists(page, at('reads-images'))
    await page.tab.click(at('reads-images'))
    await page.tab.click(at('settings-close'))
    await page.tab.chooseFile(at('files'), icon)
    await expect.poll(() => page.count(at('attachment'))).toBe(3)
    await page.ask('What do they say?')
    await page.ended('complete')
    const [part, image] = (upstream.asked[0]?.messages.at(-1)?.content ?? []) as {
      text?: string
      image_url?: { url: string }
    }[]
    expect(part?.text).toContain('marmalade')
    expect(part?.text).toContain('the paper says xylophone')
    expect(image?.image_url?.url).toBe(`data:image/png;base64,${readFileSync(icon).toString('base64')}`)
    expect(await page.count(`.question ${at('attachment')}`)).toBe(3)
  })

  test('a paste of a megabyte leaves the page responsive, and is sent whole', async ({ chat }) => {
    const page = await visit(chat)
    // A machine that stands still for a moment is not the page's doing, and does so in one of three at the most.
    const pauses: number[] = []
    while (pauses.length < 3 && Math.min(...pauses) >= 1000) {
      pauses.push(await page.tab.evaluate(longestPauseOf, at('composer')))
      await expect.poll(() => page.count(at('attachment'))).toBe(pauses.length)
    }
    expect(Math.min(...pauses), 'longest pause of the page, in ms').toBeLessThan(1000)
    await page.ask('Shorten this.')
    await page.ended('complete')
    expect(String(upstream.asked[0]?.messages.at(-1)?.content)).toContain('long words '.repeat(100_000))
  })

  test('conversations are searched, deleted, brought back, kept over a reload and deleted for good', async ({
    chat,
  }) => {
    const page = await visit(chat)
    upstream.answer = { deltas: [{ content: 'About marmalade.' }] }
    await page.ask('First?')
    await page.ended('complete')
    await page.tab.click('[aria-label="New chat"]')
    upstream.answer = { deltas: [{ content: 'About llamas.' }] }
    await page.ask('Second?')
    await page.ended('complete')
    await page.tab.click(at('open-conversations'))
    await expect.poll(() => page.count(at('entry'))).toBe(2)
    await page.tab.type(at('search'), 'MARMALADE')
    await expect.poll(() => page.count(at('entry'))).toBe(1)
    expect(await page.text(at('entry'))).toBe('First?')
    await page.tab.click('[aria-label="Delete “First?”"]')
    await expect.poll(() => page.count(at('entry'))).toBe(0)
    await page.tab.click(at('undo'))
    await expect.poll(() => page.text('.question p')).toBe('First?')

    await page.tab.click(at('open-settings'))
    await exists(page, at('keep-history'))
    await page.tab.click(at('keep-history'))
    await expect.poll(() => page.text('.composer-reason')).toContain('Stored encrypted on this device')
    await page.tab.click(at('settings-close'))
    await expect.poll(() => kept(page), { message: 'conversations that are stored' }).toBe(2)
    const again = await visit(chat)
    await again.tab.click(at('open-conversations'))
    await expect.poll(() => again.count(at('entry'))).toBe(2)
    const stored = await again.tab.evaluate(async () => {
      const db = await new Promise<IDBDatabase>((resolve) => {
        const opening = indexedDB.open('blindllama-chat')
        opening.addEventListener('success', () => resolve(opening.result))
      })
      const rows = await new Promise<{ data: ArrayBuffer }[]>((resolve) => {
        const reading = db.transaction('records').objectStore('records').getAll() as IDBRequest<{ data: ArrayBuffer }[]>
        reading.addEventListener('success', () => resolve(reading.result))
      })
      db.close()
      return rows.map(({ data }) => new TextDecoder('latin1').decode(data)).join('')
    }, null)
    expect(stored.length).toBeGreaterThan(200)
    expect(stored).not.toMatch(/marmalade|llamas|First|Second/)

    await again.tab.click(at('open-settings'))
    await exists(again, at('keep-history'))
    await again.tab.click(at('keep-history'))
    await exists(again, at('erase'))
    await again.tab.click(at('erase'))
    const left = (): Promise<unknown> =>
      again.tab.evaluate(
        async () => [
          (await indexedDB.databases()).length,
          (await caches.keys()).length,
          (await navigator.serviceWorker.getRegistrations()).length,
        ],
        null,
      )
    await expect.poll(left, { message: 'databases, caches, workers' }).toEqual([0, 0, 0])
  })

  test('conversations are read without a network, and the channel never passes the service worker @offline', async ({
    chat,
  }) => {
    const page = await visit(chat)
    await page.ask('Kept?')
    await page.ended('complete')
    await page.tab.click(at('open-settings'))
    await exists(page, at('keep-history'))
    await page.tab.click(at('keep-history'))
    const copied = (): Promise<boolean> =>
      page.tab.evaluate(
        async () => (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated',
        null,
      )
    await expect.poll(copied, { timeout: 30_000 }).toBe(true)
    await expect.poll(() => kept(page), { message: 'conversations that are stored' }).toBe(1)

    const again = await visit(chat)
    expect(
      await again.tab.evaluate(() => navigator.serviceWorker.controller !== null, null),
      'the worker is there',
    ).toBe(true)
    await again.ask('Through the channel?')
    await again.ended('complete')
    const cached = await again.tab.evaluate(async () => {
      const names = await caches.keys()
      const all = await Promise.all(
        names.map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => url)),
      )
      return all.flat().map((url) => new URL(url).pathname)
    }, null)
    expect(cached).toContain('/')
    expect(cached.filter((path) => path.includes('/blindllama/') || path === '/staging.json')).toEqual([])

    await again.tab.setOffline(true)
    await again.tab.evaluate(() => {
      Object.assign(globalThis, { isBefore: true })
      setTimeout(() => location.reload())
    }, null)
    const isReloaded = (): Promise<boolean> => again.tab.evaluate(() => !('isBefore' in globalThis), null)
    // What the page is asked while it navigates has no answer.
    await expect.poll(() => isReloaded().catch(() => false), { timeout: 20_000 }).toBe(true)
    await expect.poll(() => again.text('.composer-reason').catch(() => ''), { timeout: 20_000 }).not.toBe('')
    await exists(again, at('open-conversations'))
    await again.tab.click(at('open-conversations'))
    await exists(again, at('entry'))
    await again.tab.click('.entry-open')
    await expect.poll(() => again.text('.question p')).toBe('Kept?')
    expect(await again.text('.answer-text')).toContain('Yes.')
    expect(await again.canSend()).toBe(false)
    await again.tab.setOffline(false)
  })

  test('a page that lost its service takes its proof back, and goes on in the same conversation @offline', async ({
    chat,
  }) => {
    const page = await visit(chat)
    await page.ask('Before?')
    await page.ended('complete')
    await page.tab.setOffline(true)
    await page.ask('Meanwhile?')
    const badge = (): Promise<string | undefined> => page.attribute(at('badge'), 'data-status')
    // The channel looks for its service for 10 s.
    await expect.poll(badge, { timeout: 30_000 }).toBe('refused')
    expect(await page.attribute('blindllama-refusal', 'data-code')).toBe('evidence.unreachable')
    expect(await page.canSend()).toBe(false)

    // The page hears of the network, and verifies again by itself.
    await page.tab.setOffline(false)
    await expect.poll(badge).toBe('simulated')
    await page.ask('After?')
    await page.ended('complete', 2)
    expect(await page.count('.question')).toBe(3)
  })

  test('axe has nothing to complain of in settings, list and Markdown', async ({ chat }) => {
    const page = await visit(chat)
    upstream.answer = { deltas: [{ reasoning: 'Hm.' }, { content: MARKDOWN }] }
    await page.ask('Why?')
    await page.ended('complete')
    await exists(page, '.hljs-keyword')
    expect(await complaints(page.tab), 'Markdown').toEqual([])
    await page.tab.click(at('open-conversations'))
    await exists(page, at('entry'))
    expect(await complaints(page.tab), 'the list').toEqual([])
    await page.tab.click(at('open-settings'))
    await exists(page, at('keep-history'))
    expect(await complaints(page.tab), 'the settings').toEqual([])
  })
})
