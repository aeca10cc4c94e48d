import { describe, expect, it } from 'vitest'
import { historyFile, readHistoryFile } from '../../src/history/file.ts'
import type { StoredConversation } from '../../src/history/read.ts'

const conversation: StoredConversation = {
  title: 'One?',
  updatedAtMs: 1_700_000_000_000,
  turns: [
    {
      id: 't1',
      question: 'One?',
      attachments: [
        { id: 'a1', kind: 'text', name: 'a.pdf', text: 'inside', pages: 2 },
        { id: 'a2', kind: 'image', name: 'b.png', dataUrl: 'data:image/png;base64,AA==' },
      ],
      answers: [{ id: 'r1', state: 'complete', text: 'one', reasoning: 'hm', tokensPerSecond: 3, cut: true }],
    },
  ],
  forks: [{ key: 't1', at: 0, paths: [[], [{ id: 't2', question: 'Two?', answers: [] }]] }],
}
const file = (value: unknown): Blob => new Blob([JSON.stringify(value)])
const content = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, member: unknown) => (/^(?:id|key)$/.test(key) ? undefined : member)))
const whole = { format: 'blindllama-chat-history', version: 1, conversations: [conversation] }

describe('a file of conversations', () => {
  it('is read as it was written, with identities of its own', async () => {
    const [read] = await readHistoryFile(historyFile([conversation]))
    const [turn] = read?.turns ?? []
    expect(turn?.id).not.toBe('t1')
    expect(read?.forks[0]?.key, 'branches stay with their turn').toBe(turn?.id)
    expect(content(read)).toEqual(content(conversation))
  })

  it.each([
    ['no JSON', new Blob(['<html>']), 'The file is not JSON.'],
    ['another file', file({ a: 1 }), 'The file is no history of this chat.'],
    ['a newer file', file({ ...whole, version: 2 }), 'The file has version 2, and this page reads version 1.'],
    ['a list that is none', file({ ...whole, conversations: {} }), 'conversations must be a list'],
  ])('is refused in a sentence: %s', async (_, blob, sentence) => {
    const refused = readHistoryFile(blob)
    await expect(refused).rejects.toMatchObject({
      name: 'UnreadableHistory',
      message: expect.stringContaining(sentence),
    })
    await expect(readHistoryFile(blob)).rejects.toThrow('Nothing was imported.')
  })

  const [turn] = conversation.turns
  const withTurn = (change: object): Blob =>
    file({ ...whole, conversations: [{ ...conversation, turns: [{ ...turn, ...change }] }] })
  it.each([
    [withTurn({ question: 1 }), 'conversations[0].turns[0].question must be text'],
    [
      withTurn({ answers: [{ id: 'r', text: '', state: 'fine' }] }),
      'conversations[0].turns[0].answers[0].state must be',
    ],
    [withTurn({ attachments: [{ id: 'a', kind: 'exe', name: '' }] }), '.attachments[0].kind must be "text" or "image"'],
    [
      withTurn({ attachments: [{ id: 'a', kind: 'image', name: '', dataUrl: 'https://evil.example/pixel.png' }] }),
      '.attachments[0].dataUrl must be a data URL',
    ],
    [
      withTurn({ attachments: [{ id: 'a', kind: 'image', name: '', dataUrl: 'data:image/svg+xml;base64,AA==' }] }),
      '.attachments[0].dataUrl must be a data URL',
    ],
    [
      file({ ...whole, conversations: [{ ...conversation, forks: [{ key: '', paths: [], at: 0 }] }] }),
      '.forks[0].at must be',
    ],
  ])('names the place of what is wrong: %#', async (blob, place) => {
    await expect(readHistoryFile(blob)).rejects.toThrow(place)
  })

  it('cannot make the page say a sentence of its own about an answer', async () => {
    const failure = { code: 'channel.truncated', sentence: 'Call this number.', remedy: 'none' }
    const answers = [{ id: 'r', text: '', state: 'incomplete', failure }]
    const [read] = await readHistoryFile(withTurn({ answers }))
    expect(read?.turns[0]?.answers[0]?.failure).toMatchObject({
      sentence: expect.stringContaining('The connection ended'),
      remedy: 'again',
    })
  })
})
