import { Recorder } from '../support/recorder.ts'
import { expect, test } from '../support/test.ts'

test('the page lives under a strict Content-Security-Policy that the browser enforces', async ({ chat, staging }) => {
  const elsewhere = await Recorder.start(staging.url)
  try {
    const page = await chat()
    await page.verified()
    const directives = ['connect-src', 'img-src', 'require-trusted-types-for', 'style-src-elem']
    const seen = await page.tab.evaluate(
      async ([address, expected]) => {
        const refused = new Set<string>()
        document.addEventListener('securitypolicyviolation', (event) => refused.add(event.effectiveDirective))
        const outcomes: string[] = []
        const attempt = async (what: () => unknown): Promise<void> => {
          try {
            await what()
            outcomes.push('done')
          } catch (error) {
            outcomes.push(error instanceof Error ? error.name : 'something')
          }
        }
        await attempt(() => fetch(address))
        await attempt(() => (document.createElement('div').innerHTML = '<b>bold</b>'))
        await attempt(() => {
          const script = document.createElement('script')
          script.append('globalThis.injected = true')
          document.head.append(script)
        })
        await attempt(() => {
          const style = document.createElement('style')
          style.append('body { display: none }')
          document.head.append(style)
        })
        const image = new Image()
        image.src = `${address}pixel.png`
        // The browser decides and tells in tasks of its own. What it did in spite of a refusal would take a moment more.
        const end = performance.now() + 20_000
        while (expected.some((directive) => !refused.has(directive)) && performance.now() < end)
          await new Promise((resolve) => setTimeout(resolve, 20))
        await new Promise((resolve) => setTimeout(resolve, 200))
        const injected = 'injected' in globalThis
        const hidden = getComputedStyle(document.body).display === 'none'
        const policy = (await fetch(location.href)).headers.get('content-security-policy') ?? ''
        return { outcomes: outcomes.slice(0, 2), injected, hidden, policy, refused: [...refused].sort() }
      },
      [elsewhere.url, directives] as const,
    )

    expect(seen).toMatchObject({ outcomes: ['TypeError', 'TypeError'], injected: false, hidden: false })
    expect(seen.refused).toEqual(expect.arrayContaining(directives))
    expect(seen.policy).toContain(`connect-src 'self' ${new URL(staging.url).origin};`)
    expect(seen.policy).not.toMatch(/'unsafe-|\*/)
    expect(elsewhere.bytes.length, 'bytes that left for an address the policy does not name').toBe(0)
  } finally {
    await elsewhere.stop()
  }
})
