import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Receipts from '@blindllama/web-sdk/receipts'
import type { Chat } from '../support/chat.ts'
import { sdkFolder } from '../support/sdk-page.ts'
import { expect, test } from '../support/test.ts'

type Kept = typeof globalThis & { kept?: Promise<string> }

/** Presses a button of the offer and takes what it hands to the browser: not every driver saves files. */
async function take(page: Chat, button: number): Promise<string> {
  return page.tab.evaluate(async (index) => {
    const create = URL.createObjectURL.bind(URL)
    URL.createObjectURL = (file: Blob) => {
      ;(globalThis as Kept).kept = file.text()
      return create(file)
    }
    document.addEventListener('click', (event) => event.target instanceof HTMLAnchorElement && event.preventDefault())
    document.querySelectorAll<HTMLButtonElement>('[data-testid="proof"] button')[index]?.click()
    URL.createObjectURL = create
    return (await (globalThis as Kept).kept) ?? ''
  }, button)
}

async function judge(file: string, policy: string): Promise<Receipts.Shown & { kind: 'receipt' | 'record' }> {
  const sdk = (await import(pathToFileURL(join(sdkFolder, 'receipts.js')).href)) as typeof Receipts
  const read = await sdk.verifyReceipt(file, { dangerouslyAllowSimulated: true, policy })
  if (read.result !== 'pass') throw new Error(`the receipt is ${read.result}`)
  return read
}

test('the proof of an answer can be kept, says what it is, and holds elsewhere without the service', async ({
  chat,
  staging,
}) => {
  const page = await chat()
  await page.verified()
  await page.ask('Say hello.')
  const answer = await page.ended('complete')
  await page.tab.click('[data-testid="keep-proof"]')
  await expect.poll(() => page.text('[data-testid="proof"]')).toContain('A receipt.')
  expect(await page.text('[data-testid="proof"]')).toContain('The TPM is simulated')

  const full = await judge(await take(page, 0), staging.policy)
  expect(full).toMatchObject({ kind: 'receipt', verdict: { result: 'pass', simulated: true } })
  const asked = Buffer.from(full.exchange?.request ?? []).toString('utf8')
  expect(asked).toContain('Say hello.')
  const tokens = Buffer.from(full.exchange?.response ?? [])
    .toString('utf8')
    .matchAll(/"content":("(?:[^"\\]|\\.)*")/g)
  const answered = Array.from(tokens, ([, token = '""']) => JSON.parse(token) as string).join('')
  // The page shows it as prose, with marks of its own.
  expect(answered.replaceAll(/\W/g, '')).toBe(answer.said.replaceAll(/\W/g, ''))

  const file = await take(page, 1)
  expect(file).not.toContain('"request"')
  const brief = await judge(file, staging.policy)
  expect(brief).toMatchObject({ kind: 'receipt', verdict: { result: 'pass', simulated: true } })
  expect(brief.exchange).toEqual({
    requestDigest: full.exchange?.requestDigest,
    responseDigest: full.exchange?.responseDigest,
    ...(full.exchange?.modelDigest !== undefined && { modelDigest: full.exchange.modelDigest }),
  })
})
