import { expect, test } from '../support/test.ts'

const question = 'Remember the word marmalade.'

test('nothing of a conversation is stored or put in an address', async ({ chat }) => {
  const page = await chat()
  await page.verified()
  await page.ask(question)
  await page.ended('complete')
  const left = await page.tab.evaluate(
    async () => ({
      cookies: document.cookie,
      local: { ...localStorage },
      session: { ...sessionStorage },
      databases: await indexedDB.databases(),
      caches: await caches.keys(),
      workers: (await navigator.serviceWorker.getRegistrations()).length,
      history: JSON.stringify(history.state),
      address: location.search + location.hash,
    }),
    null,
  )
  expect(left).toEqual({
    cookies: '',
    local: {},
    session: {},
    databases: [],
    caches: [],
    workers: 0,
    history: 'null',
    address: '',
  })
})

test('nothing is printed, and the browser has nothing to complain of @console', async ({ chat }) => {
  const page = await chat()
  await page.verified()
  await page.ask(question)
  await page.ended('complete')
  expect(page.tab.printed).toEqual([])
  // Were the console not heard, the line above would prove nothing.
  await page.tab.evaluate(() => console.info('heard'), null)
  await expect.poll(() => page.tab.printed).toEqual(['heard'])
})
