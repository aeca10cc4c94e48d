import { ask, expect, requestsAt, test, verified } from '../support/test.ts'

const question = 'Tell me in a few sentences why the sky is blue.'

test('a question is answered by a real model, token by token, through the verified channel', async ({
  chat,
  staging,
}) => {
  const page = await chat()
  await verified(page)
  const before = await requestsAt(staging)

  await ask(page, question)
  const answer = page.getByTestId('answer')
  await expect(answer).toBeVisible()
  const lengths = await answer.evaluate(
    (element) =>
      new Promise<number[]>((resolve) => {
        const seen = new Set<number>()
        const observer = new MutationObserver(() => {
          seen.add(element.textContent.length)
          if (element.dataset['state'] === 'streaming') return
          observer.disconnect()
          resolve([...seen])
        })
        observer.observe(element, { attributes: true, characterData: true, childList: true, subtree: true })
      }),
  )
  await expect(answer).toHaveAttribute('data-state', 'complete')
  expect(lengths.length, 'states of the growing answer').toBeGreaterThanOrEqual(20)
  expect(await requestsAt(staging)).toBe(before + 1)
})

test('a conversation goes on: a second question leaves the first answer as it was', async ({ chat, staging }) => {
  const page = await chat()
  await verified(page)
  const before = await requestsAt(staging)
  await ask(page, 'Say hello.')
  const first = page.getByTestId('answer').nth(0)
  await expect(first).toHaveAttribute('data-state', 'complete')
  const said = await first.textContent()
  await ask(page, 'Say goodbye.')
  await expect(page.getByTestId('answer').nth(1)).toHaveAttribute('data-state', 'complete')
  expect(await first.textContent()).toBe(said)
  expect(await requestsAt(staging)).toBe(before + 2)
})

test('stopping an answer keeps what arrived and frees the model at once', async ({ chat }) => {
  const page = await chat()
  await verified(page)
  await ask(page, 'Write a very long story about a lighthouse, in many chapters.')
  const answer = page.getByTestId('answer').nth(0)
  await expect.poll(async () => (await answer.textContent())?.length ?? 0).toBeGreaterThan(60)
  await page.getByTestId('stop').click()
  await expect(answer).toHaveAttribute('data-state', 'stopped')
  const kept = await answer.textContent()

  // The model answers one at a time: this one comes only if the story has ended there as well.
  await ask(page, 'Say yes.')
  await expect(page.getByTestId('answer').nth(1)).toHaveAttribute('data-state', 'complete')
  expect(await answer.textContent()).toBe(kept)
})

test('the page shows every step of the proof, the measured values and that the TPM is simulated', async ({
  chat,
  staging,
}) => {
  const page = await chat()
  await verified(page)
  await expect(page.getByTestId('banner-simulated')).toBeVisible()
  await expect(page.getByTestId('banner-unattested')).toHaveCount(0)

  await page.getByTestId('badge').click()
  const panel = page.getByRole('dialog')
  const required = [
    'policy',
    'ak.trust',
    'signature',
    'binding.extra_data',
    'pcr.digest',
    'pcr.rules',
    'claims.config',
    'key',
  ]
  for (const id of required)
    await expect(panel.locator(`[data-testid="step"][data-id="${id}"]`)).toHaveAttribute('data-status', 'pass')
  const failed = panel.locator('[data-testid="step"][data-status="fail"]')
  await expect(failed).toHaveCount(0)
  const golden = (JSON.parse(staging.policy) as { releases: { pcrs: Record<string, string> }[] }).releases[0]?.pcrs
  expect(golden?.['4']).toMatch(/^[0-9a-f]{64}$/)
  await expect(panel).toContainText(golden?.['4'] ?? '')
})

test('nothing of a conversation is stored, put in an address or printed', async ({ chat, context }) => {
  const page = await chat()
  const printed: string[] = []
  page.on('console', (message) => printed.push(message.text()))
  await verified(page)
  await ask(page, 'Remember the word marmalade.')
  await expect(page.getByTestId('answer').nth(0)).toHaveAttribute('data-state', 'complete')
  const { cookies, origins } = await context.storageState({ indexedDB: true })
  expect({ cookies, origins }).toEqual({ cookies: [], origins: [] })
  expect(await page.evaluate(() => ({ ...sessionStorage }))).toEqual({})
  expect(page.url()).not.toContain('marmalade')
  expect(printed).toEqual([])
})
