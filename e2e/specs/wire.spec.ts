import { Recorder } from '../support/recorder.ts'
import { expect, test } from '../support/test.ts'

test('nobody on the way reads the question, the answer, the path, the model or the API key', async ({
  chat,
  staging,
}) => {
  const recorder = await Recorder.start(staging.url)
  try {
    const page = await chat({ url: recorder.url })
    await page.verified()
    const question = 'Please explain the word xylophone to a child.'
    await page.ask(question)
    const answer = await page.ended('complete')
    const words = answer.said.split(/\s+/).filter((word) => word.length >= 7)
    expect(words.length, 'words of the answer to look for').toBeGreaterThan(3)

    const seen = recorder.bytes
    // The recorder sees what is meant to be public: were it blind, the rest would prove nothing.
    for (const visible of ['GET /blindllama/v1/evidence?', 'POST /blindllama/v1/o/', 'message/ohttp-chunked-res'])
      expect(seen.includes(visible), visible).toBe(true)

    const secrets = [
      question,
      'xylophone',
      '/v1/chat/completions',
      staging.model,
      'not-needed',
      'Bearer',
      'chat.completion',
    ]
    for (const secret of [...secrets, ...words])
      for (const form of [secret, Buffer.from(secret, 'utf16le'), Buffer.from(secret).toString('base64').slice(0, -4)])
        expect(seen.includes(form), `"${secret}" is in no byte`).toBe(false)
  } finally {
    await recorder.stop()
  }
})
