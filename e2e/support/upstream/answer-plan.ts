/** What a request of the tests asks of server.ts, the model server of which everything is known beforehand. */
export interface AnswerPlan {
  /** How many tokens the answer has, or which. */
  readonly tokens: number | readonly string[]
  /** Hangs behind so many events, `[DONE]` counted; without it the answer comes to its end. */
  readonly hangAfter?: number
  /** Pause before each event; without it they come as fast as they can. */
  readonly everyMs?: number
  /** The answer comes as one JSON document, without events. */
  readonly whole?: boolean
}

/** The whole answer to a plan, event by event. */
export function eventsOf({ tokens }: Pick<AnswerPlan, 'tokens'>): readonly string[] {
  const list = typeof tokens === 'number' ? Array.from({ length: tokens }, (_, index) => ` word${index}`) : tokens
  return [...list.map((token) => `data: ${chunkOf(token)}\n\n`), 'data: [DONE]\n\n']
}

function chunkOf(content: string): string {
  return JSON.stringify({ object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] })
}

/** The same as one document, as it is without `stream`. */
export function wholeOf({ tokens }: Pick<AnswerPlan, 'tokens'>): string {
  const content = typeof tokens === 'number' ? ' word'.repeat(tokens) : tokens.join('')
  return JSON.stringify({ object: 'chat.completion', choices: [{ index: 0, message: { role: 'assistant', content } }] })
}
