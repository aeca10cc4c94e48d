import { ask, expect, test, verified } from '../support/test.ts'

test('an answer cut between two chunks is shown as incomplete, with its code @final-chunk', async ({
  chat,
  between,
}) => {
  const proxy = await between({ cutAnswerAfterChunks: 12 })
  const page = await chat({ url: proxy.url })
  await verified(page)
  await ask(page, 'Tell me in a few sentences why the sky is blue.')

  const answer = page.getByTestId('answer')
  await expect(answer).toHaveAttribute('data-state', /^(?:incomplete|complete)$/)
  await expect(answer).toHaveAttribute('data-state', 'incomplete', { timeout: 1000 })
  await expect(answer.getByTestId('error')).toHaveAttribute('data-code', 'channel.truncated')
  await expect(answer).toContainText('Incomplete answer')
  expect(proxy.posts, 'nothing is asked again by itself').toBe(1)
})

test('a whole answer through the same proxy is complete', async ({ chat, between }) => {
  const proxy = await between({})
  const page = await chat({ url: proxy.url })
  await verified(page)
  await ask(page, 'Say hello.')
  await expect(page.getByTestId('answer')).toHaveAttribute('data-state', 'complete')
  expect(proxy.posts).toBe(1)
})
