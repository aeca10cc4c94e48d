import { createParser } from 'eventsource-parser'
import { type Asked, type Client, maxTokens, pixel, schema, settled, weather, words } from './client.ts'

const messages = [{ role: 'user', content: words }]

async function post({ fetch, base }: Asked, path: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json', authorization: 'Bearer key' }
  return fetch(`${base}v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}

/** Status, media type and the JSON of a response. */
async function seen(response: Response): Promise<unknown> {
  const type = response.headers.get('content-type')?.split(';')[0]
  return { status: response.status, type, body: settled(await response.json()) }
}

async function events(response: Response): Promise<unknown> {
  const data: unknown[] = []
  const parser = createParser({
    onEvent: (event) => data.push(event.data === '[DONE]' ? event.data : settled(JSON.parse(event.data))),
  })
  parser.feed(await response.text())
  return { status: response.status, type: response.headers.get('content-type')?.split(';')[0], data }
}

function chat(body: object): (asked: Asked) => Promise<unknown> {
  return async (asked) => {
    const all = { model: asked.model, messages, temperature: 0, max_tokens: maxTokens, ...body }
    const response = await post(asked, 'chat/completions', all)
    return 'stream' in body && response.ok ? events(response) : seen(response)
  }
}

/** No library: what the platform's own `fetch` shows. */
export const plainFetch: Client = {
  name: 'fetch',
  calls: {
    chat: chat({}),
    stream: chat({ stream: true }),
    tools: chat({ tools: [{ type: 'function', function: weather }], tool_choice: 'required', max_tokens: 32 }),
    'structured output': chat({
      response_format: { type: 'json_schema', json_schema: { name: 'colour', strict: true, schema } },
      max_tokens: 16,
    }),
    reasoning: chat({ stream: true, reasoning_effort: 'low' }),
    usage: chat({ stream: true, stream_options: { include_usage: true } }),
    logprobs: chat({ logprobs: true, top_logprobs: 2 }),
    image: chat({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: words },
            { type: 'image_url', image_url: { url: pixel } },
          ],
        },
      ],
    }),
    embeddings: async (asked) => seen(await post(asked, 'embeddings', { model: asked.model, input: [words, 'No.'] })),
    models: async ({ fetch, base }) => seen(await fetch(`${base}v1/models`)),
    error: chat({ messages: 'no list' }),
  },
}
