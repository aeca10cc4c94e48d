import { BlindLlamaError } from '@blindllama/web-sdk'
import { beforeEach, describe, expect, it } from 'vitest'
import { Conversation, speedOf } from '../src/conversation/conversation.ts'
import type { Answer } from '../src/conversation/turns.ts'
import { eventually } from './eventually.ts'
import { ServedModel } from './served-model.ts'

let conversation: Conversation
let model: ServedModel

beforeEach(() => {
  conversation = new Conversation()
  model = new ServedModel()
})

const latest = (): Answer | undefined => conversation.turns().at(-1)?.answers.at(-1)

/** Asks and waits until the request has reached the model. */
async function ask(question: string): Promise<{ ended: Promise<void> }> {
  const before = model.requests.length
  const ended = conversation.ask({ text: question }, model)
  await eventually(() => expect(model.requests).toHaveLength(before + 1))
  return { ended }
}

async function askAndAnswer(question: string, ...words: string[]): Promise<void> {
  const { ended } = await ask(question)
  model.say(...words)
  model.finish()
  await ended
}

describe('an answer', () => {
  it('grows while words arrive and is complete once the model says that it finished', async () => {
    const { ended } = await ask('What is a llama?')
    expect(latest()).toMatchObject({ state: 'streaming', text: '' })
    model.say('A camel', 'id.')
    await eventually(() => expect(latest()).toMatchObject({ state: 'streaming', text: 'A camelid.' }))
    model.finish()
    await ended
    expect(latest()).toMatchObject({ state: 'complete', text: 'A camelid.' })
    expect(latest()?.response, 'what its receipt is found by').toBeInstanceOf(Response)
  })

  it('says so when the model reached its limit of tokens', async () => {
    const { ended } = await ask('What is a llama?')
    model.say('A')
    model.finish('length')
    await ended
    expect(latest()).toMatchObject({ state: 'complete', cut: true })
  })

  it('keeps what arrived, marked as incomplete, when the channel was cut', async () => {
    const { ended } = await ask('What is a llama?')
    model.say('A camel')
    await eventually(() => expect(latest()?.text).toBe('A camel'))
    model.break(new BlindLlamaError('channel.truncated', 'Cut'))
    await ended
    expect(latest()).toMatchObject({ state: 'incomplete', text: 'A camel', failure: { code: 'channel.truncated' } })
  })

  it('is incomplete when the server reports an error in its middle, with the words of the server', async () => {
    const { ended } = await ask('What is a llama?')
    model.say('A camel')
    model.fail('The context is full.')
    await ended
    expect(latest()).toMatchObject({
      state: 'incomplete',
      text: 'A camel',
      failure: { code: 'answer.failed', said: 'The context is full.' },
    })
  })

  it('is incomplete when the stream ends in good order before the model finished', async () => {
    const { ended } = await ask('What is a llama?')
    model.say('A camel')
    model.end()
    await ended
    expect(latest()).toMatchObject({ state: 'incomplete', text: 'A camel', failure: { code: 'answer.unfinished' } })
  })

  it('stops when the person says so, and so does the request', async () => {
    const { ended } = await ask('What is a llama?')
    model.say('A camel')
    await eventually(() => expect(latest()?.text).toBe('A camel'))
    conversation.stop()
    await ended
    expect(latest()).toMatchObject({ state: 'stopped', text: 'A camel' })
    expect(model.signals.at(-1)?.aborted).toBe(true)
  })

  it('stops before the first word, too', async () => {
    const { ended } = await ask('What is a llama?')
    conversation.stop()
    await ended
    expect(latest()).toMatchObject({ state: 'stopped', text: '' })
  })
})

describe('the conversation', () => {
  it('takes one question at a time', async () => {
    const { ended } = await ask('first')
    await conversation.ask({ text: 'second' }, model)
    expect(conversation.turns()).toHaveLength(1)
    model.finish()
    await ended
    expect(model.requests).toHaveLength(1)
  })

  it('repeats earlier questions and answers to the model, a stopped one as far as it went', async () => {
    await askAndAnswer('first', 'one')
    const { ended } = await ask('second')
    model.say('tw')
    await eventually(() => expect(latest()?.text).toBe('tw'))
    conversation.stop()
    await ended
    await askAndAnswer('third')
    expect(model.requests.at(-1)?.messages.slice(1)).toEqual([
      { role: 'user', content: 'first' },
      { role: 'assistant', content: 'one' },
      { role: 'user', content: 'second' },
      { role: 'assistant', content: 'tw' },
      { role: 'user', content: 'third' },
    ])
  })

  it('does not hand a broken answer back to the model as its own words', async () => {
    const { ended } = await ask('first')
    model.say('bro')
    await eventually(() => expect(latest()?.text).toBe('bro'))
    model.break(new BlindLlamaError('channel.decrypt', 'Altered'))
    await ended
    await askAndAnswer('second', 'two')
    expect(model.requests.at(-1)?.messages.slice(1)).toEqual([{ role: 'user', content: 'second' }])
  })

  it('asks the last question again beside what a broken answer showed', async () => {
    const { ended } = await ask('first')
    model.say('bro')
    await eventually(() => expect(latest()?.text).toBe('bro'))
    model.break(new BlindLlamaError('channel.truncated', 'Cut'))
    await ended
    const again = conversation.again(model)
    await eventually(() => expect(model.requests).toHaveLength(2))
    model.say('whole')
    model.finish()
    await again
    expect(conversation.turns()).toHaveLength(1)
    expect(conversation.turns()[0]?.answers.map(({ state, text }) => [state, text])).toEqual([
      ['incomplete', 'bro'],
      ['complete', 'whole'],
    ])
  })

  it('replaces an attempt that showed nothing', async () => {
    model.answerWith(() => new Response('{"error":{"message":"busy"}}', { status: 429 }))
    await conversation.ask({ text: 'first' }, model)
    await conversation.again(model)
    expect(conversation.turns()[0]?.answers).toMatchObject([{ state: 'incomplete', failure: { code: 'http.429' } }])
  })

  it('tells its listeners of every change until they leave', async () => {
    const seen: number[] = []
    const leave = conversation.subscribe(() => seen.push(conversation.turns().length))
    await askAndAnswer('first', 'one')
    const told = seen.length
    expect(told).toBeGreaterThan(1)
    leave()
    await askAndAnswer('second', 'two')
    expect(seen).toHaveLength(told)
  })
})

const questions = (): string[] => conversation.turns().map(({ question }) => question)
const id = (index: number): string => conversation.turns()[index]?.id ?? 'no turn'

describe('an edited question', () => {
  it('begins a branch: what followed the first one is kept, and not sent along', async () => {
    await askAndAnswer('One?', 'one')
    await askAndAnswer('Two?', 'two')
    await askAndAnswer('Three?', 'three')
    const before = model.requests.length
    const ended = conversation.edit(id(1), 'Two, in another way?', model)
    await eventually(() => expect(model.requests).toHaveLength(before + 1))
    model.say('zwei')
    model.finish()
    await ended
    expect(questions()).toEqual(['One?', 'Two, in another way?'])
    expect(
      model.requests
        .at(-1)
        ?.messages.map(({ content }) => content)
        .slice(1),
    ).toEqual(['One?', 'one', 'Two, in another way?'])
    expect(conversation.branches(id(1))).toEqual({ at: 1, count: 2 })
    expect(conversation.branches(id(0))).toEqual({ at: 0, count: 1 })
  })

  it('leaves both branches whole while a person goes from one to the other', async () => {
    await askAndAnswer('One?', 'one')
    await askAndAnswer('Two?', 'two')
    const first = conversation.turns()
    const ended = conversation.edit(id(0), 'Another one?', model)
    await eventually(() => expect(model.requests).toHaveLength(3))
    model.say('other')
    model.finish()
    await ended
    await askAndAnswer('And on?', 'on')
    const second = conversation.turns()
    conversation.show(id(0), 0)
    expect(conversation.turns()).toEqual(first)
    conversation.show(id(0), 1)
    expect(conversation.turns()).toEqual(second)
    conversation.show(id(0), 2)
    expect(conversation.turns()).toEqual(second)
  })

  it('waits for the answer under way', async () => {
    const { ended } = await ask('One?')
    await conversation.edit(id(0), 'Another?', model)
    expect(questions()).toEqual(['One?'])
    model.finish()
    await ended
  })
})

describe('a stored conversation', () => {
  it('is continued from what it gave, with the branches that were not shown', async () => {
    await askAndAnswer('One?', 'one')
    await askAndAnswer('Two?', 'two')
    const edited = conversation.edit(id(1), 'Two, in another way?', model)
    await eventually(() => expect(model.requests).toHaveLength(3))
    model.say('zwei')
    model.finish()
    await edited
    const data = JSON.parse(JSON.stringify(conversation.data)) as typeof conversation.data
    expect(JSON.stringify(conversation.data), 'no storage takes a response').not.toContain('"response"')
    conversation = new Conversation(data)
    expect(questions()).toEqual(['One?', 'Two, in another way?'])
    expect(conversation.branches(id(1))).toEqual({ at: 1, count: 2 })
    conversation.show(id(1), 0)
    expect(questions()).toEqual(['One?', 'Two?'])
    await askAndAnswer('Three?', 'three')
    expect(
      model.requests
        .at(-1)
        ?.messages.map(({ content }) => content)
        .slice(1),
    ).toEqual(['One?', 'one', 'Two?', 'two', 'Three?'])
  })
})

describe('reasoning', () => {
  it.each(['reasoning_content', 'reasoning'] as const)(
    'in the field %s is kept apart, and not sent along',
    async (field) => {
      const { ended } = await ask('One?')
      model.think(field, 'I ', 'wonder')
      model.say('one')
      model.finish()
      await ended
      expect(latest()).toMatchObject({ text: 'one', reasoning: 'I wonder', state: 'complete' })
      await askAndAnswer('Two?', 'two')
      expect(JSON.stringify(model.requests.at(-1))).not.toContain('wonder')
    },
  )

  it.each([
    ['in one piece', ['<think>hm, <b></think>\n\nyes']],
    ['character by character', [...'<think>hm, <b></think>\n\nyes']],
  ])('between marks is taken out of the answer, %s', async (_, pieces) => {
    const { ended } = await ask('One?')
    model.say(...pieces)
    model.finish()
    await ended
    expect(latest()).toMatchObject({ text: 'yes', reasoning: 'hm, <b>' })
  })

  it('that never ends is no answer, and a mark in the middle of an answer is text', async () => {
    const { ended } = await ask('One?')
    model.say('<think>on and on</thi')
    model.finish('length')
    await ended
    expect(latest()).toMatchObject({ text: '', reasoning: 'on and on</thi', cut: true })
    await askAndAnswer('Two?', 'Write ', '<think>', ' first.')
    expect(latest()).toMatchObject({ text: 'Write <think> first.' })
    expect(latest()).not.toHaveProperty('reasoning')
  })
})

describe('the settings', () => {
  it('are sent where they differ from the model’s own', async () => {
    await askAndAnswer('One?', 'one')
    expect(model.requests.at(-1)).not.toHaveProperty('temperature')
    expect(model.requests.at(-1)).not.toHaveProperty('max_tokens')
    model.settings = { instructions: ' ', temperature: 0, maxTokens: 7 }
    await askAndAnswer('Two?', 'two')
    expect(model.requests.at(-1)).toMatchObject({ temperature: 0, max_tokens: 7 })
    expect(model.requests.at(-1)?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
  })
})

describe('attachments', () => {
  const text = { id: 'a', kind: 'text', name: 'a "b".txt', text: 'inside' } as const
  const image = { id: 'b', kind: 'image', name: 'c.png', dataUrl: 'data:image/png;base64,AA==' } as const

  const askWith = async (attachments: readonly (typeof text | typeof image)[]): Promise<unknown> => {
    const before = model.requests.length
    const ended = conversation.ask({ text: 'What?', attachments }, model)
    await eventually(() => expect(model.requests).toHaveLength(before + 1))
    model.say('That.')
    model.finish()
    await ended
    return model.requests.at(-1)?.messages.at(-1)?.content
  }

  it('of text are one text with the question, which every server reads', async () => {
    expect(await askWith([text])).toBe('<document name="a \\"b\\".txt">\ninside\n</document>\n\nWhat?')
  })

  it('that are images are parts of their own, and stay with an edited question', async () => {
    const parts = [
      { type: 'text', text: '<document name="a \\"b\\".txt">\ninside\n</document>\n\nWhat?' },
      { type: 'image_url', image_url: { url: image.dataUrl } },
    ]
    expect(await askWith([text, image])).toEqual(parts)
    const edited = conversation.edit(id(0), 'Who?', model)
    await eventually(() => expect(model.requests).toHaveLength(2))
    model.finish()
    await edited
    expect(model.requests.at(-1)?.messages.at(-1)?.content).toEqual([
      { type: 'text', text: String(parts[0]?.text).replace('What', 'Who') },
      parts[1],
    ])
  })
})

describe('the speed of an answer', () => {
  it('is that between the first and the last event with text', async () => {
    expect(speedOf({ count: 11, firstMs: 1000, lastMs: 3000 })).toEqual({ tokensPerSecond: 5 })
    const { ended } = await ask('One?')
    for (const word of ['a', 'b', 'c']) {
      model.say(word)
      await eventually(() => expect(latest()?.text).toMatch(new RegExp(`${word}$`)))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    model.finish()
    await ended
    const { tokensPerSecond = 0 } = latest() ?? {}
    expect(tokensPerSecond).toBeGreaterThan(0)
    expect(tokensPerSecond).toBeLessThan(100)
  })

  it('is not told of an answer of one event, or of events that came at once', () => {
    expect(speedOf({ count: 1, firstMs: 1000, lastMs: 1000 })).toEqual({})
    expect(speedOf({ count: 5, firstMs: 1000, lastMs: 1000 })).toEqual({})
  })
})
