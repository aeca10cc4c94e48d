import { grownStates } from '../support/growth.ts'
import { expect, requestsAt, test } from '../support/test.ts'
import { workOf } from '../support/work.ts'

const question = 'Tell me five facts about the sky, with two sentences for each.'

test('a question is answered by a real model, token by token, through the verified channel', async ({
  chat,
  staging,
}) => {
  const page = await chat()
  await page.verified()
  const before = await requestsAt(staging)

  const lengths = await page.askAndWatch(question)
  expect(lengths.length, 'states of the growing answer').toBeGreaterThanOrEqual(grownStates)
  await expect.poll(() => requestsAt(staging)).toBe(before + 1)
})

test('a conversation goes on: a second question leaves the first answer as it was', async ({ chat, staging }) => {
  const page = await chat()
  await page.verified()
  const before = await requestsAt(staging)
  await page.ask('Say hello.')
  const first = await page.ended('complete')
  await page.ask('Say goodbye.')
  await page.ended('complete', 1)
  expect((await page.answer(0))?.said).toBe(first.said)
  await expect.poll(() => requestsAt(staging)).toBe(before + 2)
})

test('stopping an answer keeps what arrived and frees the model at once', async ({ chat, staging }) => {
  const page = await chat()
  await page.verified()
  await page.ask('Write a very long story about a lighthouse, in many chapters.')
  await page.said(60)
  await page.stop()
  const stopped = await page.ended('stopped')
  expect(stopped.said.length).toBeGreaterThan(60)
  // A model that went on would keep a core busy for as long as the story is.
  await expect
    .poll(() => workOf(staging, 500), { message: 'work of the model in 500 ms', timeout: 5000 })
    .toBeLessThan(50)

  // A short answer would be over before it is stopped.
  await page.ask('Write a very long story about a ship, in many chapters.')
  await page.said(0, 1)
  await page.stop()
  expect((await page.answer(0))?.said).toBe(stopped.said)
})

test('stopping an answer sends nothing of a draft, and a pasted text stays whole', async ({ chat, staging }) => {
  const page = await chat()
  await page.verified()
  const before = await requestsAt(staging)
  await page.ask('Write a very long story about a lighthouse, in many chapters.')
  await page.said(20)
  await page.tab.type('[data-testid="composer"]', 'half a sen')
  await expect.poll(() => requestsAt(staging)).toBe(before + 1)
  await page.stop()
  await page.ended('stopped')
  expect(await page.draft()).toBe('half a sen')
  expect(await page.count('[data-testid="answer"]')).toBe(1)
  expect(await requestsAt(staging)).toBe(before + 1)

  await page.paste('x'.repeat(200_001))
  expect((await page.draft()).length).toBe(200_001)
  expect(await page.canSend()).toBe(false)
  expect(await page.text('.composer-reason')).toContain('200,001 of at most 200,000 characters')
})

test('Escape stops an answer, and an edited question leaves both branches whole', async ({ chat }) => {
  const page = await chat()
  await page.verified()
  await page.ask('Write a very long story about a lighthouse, in many chapters.')
  await page.said(20)
  await page.tab.press('Escape')
  const first = await page.ended('stopped')

  await page.tab.click('[aria-label="Edit the question"]')
  await page.tab.type('.question-editor textarea', ' No: say hello.')
  await page.tab.click('.question-editor .button:last-of-type')
  await expect.poll(() => page.text('.branches')).toContain('2 of 2')
  expect(await page.text('.question p')).toContain('No: say hello.')
  await page.said(0)
  await page.tab.press('Escape')
  await expect.poll(async () => (await page.answer())?.state).toMatch(/^(?:stopped|complete)$/)
  await page.tab.click('[aria-label="Previous branch"]')
  await expect.poll(() => page.text('.branches')).toContain('1 of 2')
  expect((await page.answer())?.said).toBe(first.said)
})

test('the page shows every step of the proof, the measured values and that the TPM is simulated', async ({
  chat,
  staging,
}) => {
  const page = await chat()
  await page.verified()
  expect(await page.isThere('[data-testid="banner-simulated"]')).toBe(true)
  expect(await page.count('[data-testid="banner-unattested"]')).toBe(0)

  await page.openPanel()
  for (const section of ['steps', 'boot', 'pcrs']) await page.openSection(section)
  const required = [
    'policy',
    'ak.trust',
    'signature',
    'binding.extra_data',
    'pcr.digest',
    'pcr.coverage',
    'pcr.rules',
    'claims.config',
    'eventlog',
    'key',
  ]
  for (const id of required)
    expect(await page.inPanel(`[data-testid="step"][data-id="${id}"][data-status="pass"]`), id).toHaveLength(1)
  expect(await page.inPanel('[data-testid="step"][data-status="fail"]')).toEqual([])
  const golden = (JSON.parse(staging.policy) as { releases: { pcrs: Record<string, string> }[] }).releases[0]?.pcrs
  expect(golden?.['4']).toMatch(/^[0-9a-f]{64}$/)
  const [fourth] = await page.inPanel('[data-pcr="4"]')
  expect(fourth?.text).toContain(golden?.['4'] ?? '')
  // The page server publishes what was measured; the page recomputes the value from it.
  await expect.poll(async () => (await page.inPanel('[data-pcr="4"]'))[0]?.text).toContain('Recomputed here')

  // What the log tells, and what of it the measurements prove: the words of the firmware, not the name of a file.
  const [boot] = await page.inPanel('[data-testid="boot"]')
  expect(boot?.text).toContain('no firmware and no operating system was measured')
  expect((await page.inPanel('.boot-event[data-verified="true"]'))[0]?.text).toContain('measured: ')
  expect((await page.inPanel('.boot-event[data-verified="false"]'))[0]?.text).not.toContain('measured: ')
})
