import OpenAI from 'openai'
import type { Model } from '../src/conversation/conversation.ts'
import { DEFAULTS } from '../src/settings/settings.ts'

/** A model server whose every event the test sends itself, behind the same `openai` package that the chat uses. */
export class ServedModel implements Model {
  readonly name = 'test-model'
  readonly requests: { readonly messages: readonly { role: string; content: unknown }[] }[] = []
  readonly signals: AbortSignal[] = []
  readonly openai: () => Promise<OpenAI>
  settings: Model['settings'] = DEFAULTS
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined
  #answer: () => Response = () => this.#streamed()

  constructor() {
    const client = new OpenAI({
      baseURL: 'https://llm.example/v1',
      apiKey: 'not-needed',
      dangerouslyAllowBrowser: true,
      maxRetries: 0,
      logLevel: 'off',
      fetch: async (_url, init) => {
        this.requests.push(JSON.parse(String(init?.body)) as (typeof this.requests)[number])
        if (init?.signal) this.signals.push(init.signal)
        return this.#answer()
      },
    })
    this.openai = async () => client
  }

  /** What the next requests get instead of a stream. */
  answerWith(answer: () => Response): void {
    this.#answer = answer
  }

  say(...words: string[]): void {
    for (const content of words) this.#send({ delta: { content }, finish_reason: null })
  }

  /** Reasoning, in a field of its own. */
  think(field: 'reasoning_content' | 'reasoning', ...words: string[]): void {
    for (const word of words) this.#send({ delta: { [field]: word }, finish_reason: null })
  }

  /** An event with an error, as servers send it in the middle of an answer. */
  fail(message: string): void {
    this.#stream?.enqueue(new TextEncoder().encode(`data: ${JSON.stringify({ error: { message } })}\n\n`))
  }

  finish(reason: 'stop' | 'length' = 'stop'): void {
    this.#send({ delta: {}, finish_reason: reason })
    this.end()
  }

  /** Ends the stream in good order, whatever was said. */
  end(): void {
    this.#stream?.close()
  }

  break(error: Error): void {
    this.#stream?.error(error)
  }

  #send(choice: object): void {
    this.#stream?.enqueue(new TextEncoder().encode(`data: ${JSON.stringify({ choices: [choice] })}\n\n`))
  }

  #streamed(): Response {
    const signal = this.signals.at(-1)
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#stream = controller
        signal?.addEventListener('abort', () => controller.error(signal.reason))
      },
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }
}
