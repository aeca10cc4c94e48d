import { expect, test } from '../support/test.ts'

test('an answer cut between two chunks is shown as incomplete, with its code @final-chunk', async ({
  chat,
  between,
}) => {
  const proxy = await between({ cutAnswerAfterChunks: 12 })
  const page = await chat({ url: proxy.url })
  await page.verified()
  await page.ask('Tell me in a few sentences why the sky is blue.')

  const answer = await page.ended('incomplete')
  expect(answer.code).toBe('channel.truncated')
  expect(answer.text).toContain('Incomplete answer')
  expect(answer.said.length).toBeGreaterThan(0)
  expect(proxy.posts, 'nothing is asked again by itself').toBe(1)
})

test('a whole answer through the same proxy is complete', async ({ chat, between }) => {
  const proxy = await between({})
  const page = await chat({ url: proxy.url })
  await page.verified()
  await page.ask('Say hello.')
  await page.ended('complete')
  expect(proxy.posts).toBe(1)
})
