/** What a request of these tests asks of upstream.ts. */
export interface Wish {
  readonly events: number
  /** Hangs behind so many events, `[DONE]` counted; without it the answer comes to its end. */
  readonly hangAfter?: number
}

/** The whole answer to a wish, event by event. */
export function eventsOf({ events }: Wish): readonly string[] {
  const tokens = Array.from({ length: events }, (_, index) => `data: ${chunkOf(` word${index}`)}\n\n`)
  return [...tokens, 'data: [DONE]\n\n']
}

function chunkOf(content: string): string {
  return JSON.stringify({ object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] })
}
