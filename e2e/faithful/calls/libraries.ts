import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { type ToolSet, embed, generateText, jsonSchema, streamText, tool } from 'ai'
import OpenAI from 'openai'
import { type Answer } from '../raw-upstream.ts'
import {
  type Call,
  type Fetch,
  chunk,
  chunked,
  completion,
  delta,
  events,
  head,
  json,
  lastChunk,
  sized,
} from '../call.ts'

const messages = [{ role: 'user' as const, content: 'hi' }]
/** One for each run: a key is used once. */
const own = (): object => ({ headers: { 'idempotency-key': crypto.randomUUID() } })
const refusal = (message: string): string =>
  JSON.stringify({ error: { message, type: 'tokens', code: 'rate_limit_exceeded', param: null } })

const whole: Answer = (socket, { target }) => {
  if (target.endsWith('/embeddings')) {
    const data = [{ object: 'embedding', index: 0, embedding: [1, 2] }]
    socket.write(
      sized(
        200,
        [json],
        JSON.stringify({ object: 'list', data, model: 'm', usage: { prompt_tokens: 1, total_tokens: 1 } }),
      ),
    )
  } else if (target.endsWith('/moderations')) {
    socket.write(sized(200, [json], JSON.stringify({ id: 'modr-1', model: 'm', results: [{ flagged: true }] })))
  } else if (target.includes('/files/')) {
    socket.write(sized(200, [json], JSON.stringify({ id: 'file-1', object: 'file', bytes: 2, filename: 'a.txt' })))
  } else if (target.includes('/models')) {
    socket.write(sized(200, [json], JSON.stringify({ object: 'list', data: [{ id: 'm', object: 'model' }] })))
  } else socket.write(sized(200, [json, 'x-request-id: req_1'], completion('hi')))
}

function streaming(data: readonly string[]): Answer {
  return (socket) => {
    socket.write(head(200, [events, chunked]))
    for (const one of [...data, '[DONE]']) socket.write(chunk(`data: ${one}\n\n`))
    socket.write(lastChunk)
  }
}

/** Refuses once, then answers. */
function onceRefused(status: number): Answer {
  return (socket, request, number) => {
    if (number === 0) socket.write(sized(status, [json, 'retry-after-ms: 10'], refusal('busy')))
    else return whole(socket, request, number)
  }
}

/** Under a name that tells of a stream, as servers refuse streaming requests. */
function refusing(status: number, type = 'application/json'): Answer {
  return (socket) => void socket.write(sized(status, [`content-type: ${type}`], refusal('Rate limit reached')))
}

const toolCall = (function_: object): string =>
  delta('', { content: null, tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: function_ }] })
const tools: Answer = streaming([
  toolCall({ name: 'weather', arguments: '' }),
  toolCall({ arguments: '{"city":' }),
  toolCall({ arguments: '"Z\u00fcrich"}' }),
])

function openai(fetch: Fetch, base: string, maxRetries = 0): OpenAI {
  return new OpenAI({ baseURL: `${base}v1`, apiKey: 'k', fetch, maxRetries })
}

async function create(client: OpenAI, options: object = {}): Promise<string | null | undefined> {
  return (await client.chat.completions.create({ model: 'm', messages }, options)).choices?.[0]?.message.content
}

/** The error of `openai` with all that it reads out of an answer. */
async function refused(work: Promise<unknown>): Promise<object> {
  try {
    return { answered: await work }
  } catch (error) {
    const { status, code, type, message } = error as InstanceType<typeof OpenAI.APIError>
    return { name: (error as Error).constructor.name, status, code, type, message }
  }
}

function provider(fetch: Fetch, base: string): ReturnType<typeof createOpenAICompatible> {
  return createOpenAICompatible({ name: 'x', baseURL: `${base}v1`, fetch })
}

function langChain(fetch: Fetch, base: string): ChatOpenAI {
  return new ChatOpenAI({ model: 'm', apiKey: 'k', maxRetries: 0, configuration: { baseURL: `${base}v1`, fetch } })
}

type Row = readonly [answer: Answer, ask: (fetch: Fetch, base: string) => Promise<unknown>]

const rows: Readonly<Record<string, Row>> = {
  'openai: a chat': [whole, async (fetch, base) => create(openai(fetch, base))],
  'openai: with its response': [
    whole,
    async (fetch, base) => {
      const { response, request_id } = await openai(fetch, base)
        .chat.completions.create({ model: 'm', messages })
        .withResponse()
      return { status: response.status, path: response.url.slice(base.length), request_id }
    },
  ],
  'openai: embeddings': [
    whole,
    async (fetch, base) => (await openai(fetch, base).embeddings.create({ model: 'm', input: 'x' })).data[0]?.embedding,
  ],
  'openai: a moderation': [
    whole,
    async (fetch, base) => (await openai(fetch, base).moderations.create({ model: 'm', input: 'x' })).results,
  ],
  'openai: a file': [whole, async (fetch, base) => openai(fetch, base).files.retrieve('file-1')],
  'openai: models': [whole, async (fetch, base) => (await openai(fetch, base).models.list()).data.map(({ id }) => id)],
  'openai: a model with a slash': [
    whole,
    async (fetch, base) => openai(fetch, base).models.retrieve('meta-llama/Llama-3.1'),
  ],
  'openai: a base URL with a slash at its end': [
    whole,
    async (fetch, base) => create(new OpenAI({ baseURL: `${base}v1/`, apiKey: 'k', fetch, maxRetries: 0 })),
  ],
  "openai: Azure's query": [
    whole,
    async (fetch, base) =>
      create(
        new OpenAI({ baseURL: `${base}v1`, apiKey: 'k', fetch, maxRetries: 0, defaultQuery: { 'api-version': '1' } }),
      ),
  ],
  'openai: tools in a stream': [
    tools,
    async (fetch, base) => {
      const definition = { type: 'function' as const, function: { name: 'weather', parameters: {} } }
      const stream = openai(fetch, base).chat.completions.stream({ model: 'm', messages, tools: [definition] })
      let text = ''
      for await (const part of stream) text += JSON.stringify(part.choices[0]?.delta.tool_calls)
      return text
    },
  ],
  ...Object.fromEntries(
    [400, 401, 403, 404, 409, 422, 429, 500].map((status) => [
      `openai: refused with ${status}`,
      [refusing(status), async (fetch: Fetch, base: string) => refused(create(openai(fetch, base)))],
    ]),
  ),
  'openai: a stream refused with 429, under the type of events': [
    refusing(429, 'text/event-stream'),
    async (fetch, base) => refused(openai(fetch, base).chat.completions.create({ model: 'm', messages, stream: true })),
  ],
  'openai: JSON under the type of events': [
    (socket) => void socket.write(sized(200, [events], completion('hi'))),
    async (fetch, base) => create(openai(fetch, base)),
  ],
  ...Object.fromEntries(
    [408, 409, 429, 500, 503].flatMap((status) => [
      [
        `openai: repeats after ${status}`,
        [onceRefused(status), async (fetch: Fetch, base: string) => create(openai(fetch, base, 2))],
      ],
      [
        `openai: repeats after ${status}, under a key of its own`,
        [onceRefused(status), async (fetch: Fetch, base: string) => create(openai(fetch, base, 2), own())],
      ],
    ]),
  ),
  'AI SDK: a chat': [
    whole,
    async (fetch, base) =>
      (await generateText({ model: provider(fetch, base)('m'), prompt: 'hi', maxRetries: 0 })).text,
  ],
  'AI SDK: an embedding': [
    whole,
    async (fetch, base) =>
      (await embed({ model: provider(fetch, base).textEmbeddingModel('m'), value: 'x', maxRetries: 0 })).embedding,
  ],
  'AI SDK: a tool in a stream': [
    tools,
    async (fetch, base) => {
      const inputSchema = jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } })
      const weather = tool({ description: 'd', inputSchema })
      const { fullStream } = streamText({
        model: provider(fetch, base)('m'),
        prompt: 'hi',
        maxRetries: 0,
        tools: { weather: weather as ToolSet[string] },
        onError() {},
      })
      const inputs: unknown[] = []
      for await (const part of fullStream) if (part.type === 'tool-call') inputs.push(part.input)
      return inputs
    },
  ],
  'AI SDK: refused with 429': [
    refusing(429),
    async (fetch, base) => {
      try {
        await generateText({ model: provider(fetch, base)('m'), prompt: 'hi', maxRetries: 0 })
        return 'answered'
      } catch (error) {
        const { name, message, statusCode, responseBody } = error as Error & {
          statusCode?: number
          responseBody?: string
        }
        return { name, message, statusCode, responseBody }
      }
    },
  ],
  'LangChain: a chat': [whole, async (fetch, base) => (await langChain(fetch, base).invoke('hi')).content],
  'LangChain: an embedding': [
    whole,
    async (fetch, base) =>
      new OpenAIEmbeddings({
        model: 'm',
        apiKey: 'k',
        maxRetries: 0,
        configuration: { baseURL: `${base}v1`, fetch },
      }).embedQuery('x'),
  ],
  'LangChain: refused with 401': [refusing(401), async (fetch, base) => refused(langChain(fetch, base).invoke('hi'))],
}

/** Client libraries as programs use them. */
export const libraries: readonly Call[] = Object.entries(rows).map(([name, [answer, ask]]) => ({
  name,
  answer,
  ask: async (fetch, base) => ({ saw: await ask(fetch, base) }),
}))
