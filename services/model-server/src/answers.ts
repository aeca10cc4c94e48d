import { randomUUID } from 'node:crypto'
import type { Step } from './engine.ts'

interface Usage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
}

/** Writes answers in the shapes of OpenAI's chat completion object and chunk object. */
export class Answer {
  readonly #head: { id: string; created: number; model: string }

  constructor(model: string) {
    this.#head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model }
  }

  completion(content: string, last: Step): object {
    const message = { role: 'assistant', content, refusal: null }
    const choice = { index: 0, message, logprobs: null, finish_reason: last.finish }
    return { ...this.#head, object: 'chat.completion', choices: [choice], usage: usage(last) }
  }

  chunk(delta: { role?: 'assistant'; content?: string }, finish: Step['finish'] | null = null): object {
    const choice = { index: 0, delta, logprobs: null, finish_reason: finish }
    return { ...this.#head, object: 'chat.completion.chunk', choices: [choice] }
  }

  usageChunk(last: Step): object {
    return { ...this.#head, object: 'chat.completion.chunk', choices: [], usage: usage(last) }
  }
}

function usage(last: Step): Usage {
  const { promptTokens, completionTokens } = last
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  }
}
