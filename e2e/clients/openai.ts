import OpenAI6 from 'openai'
import OpenAI5 from 'openai-5'
import { type Asked, type Client, maxTokens, pixel, schema, settled, weather, words } from './client.ts'

type Body = Omit<OpenAI6.ChatCompletionCreateParamsNonStreaming, 'model' | 'messages' | 'stream'> & {
  messages?: OpenAI6.ChatCompletionMessageParam[]
}

/** The same program over one major of the package. */
function openai(name: string, Api: typeof OpenAI6): Client {
  const at = ({ fetch, base }: Asked): OpenAI6 =>
    new Api({ baseURL: `${base}v1`, apiKey: 'key', maxRetries: 0, fetch, dangerouslyAllowBrowser: true })
  const whole = (model: string, body: Body): OpenAI6.ChatCompletionCreateParamsNonStreaming => ({
    model,
    temperature: 0,
    max_tokens: maxTokens,
    ...body,
    messages: body.messages ?? [{ role: 'user', content: words }],
  })
  const chat =
    (body: Body) =>
    async (asked: Asked): Promise<unknown> =>
      settled(await at(asked).chat.completions.create(whole(asked.model, body)))
  const stream =
    (body: Body) =>
    async (asked: Asked): Promise<unknown> => {
      const chunks: unknown[] = []
      for await (const chunk of await at(asked).chat.completions.create({
        ...whole(asked.model, body),
        stream: true,
      }))
        chunks.push(settled(chunk))
      return chunks
    }
  return {
    name,
    calls: {
      chat: chat({}),
      stream: stream({}),
      tools: async (asked) => {
        const options = whole(asked.model, {
          tools: [{ type: 'function', function: { ...weather } }],
          tool_choice: 'required',
          max_tokens: 32,
        })
        return settled(
          await at(asked)
            .chat.completions.stream({ ...options, stream: true })
            .finalChatCompletion(),
        )
      },
      'structured output': async (asked) => {
        const { choices } = await at(asked).chat.completions.parse(
          whole(asked.model, {
            response_format: { type: 'json_schema', json_schema: { name: 'colour', strict: true, schema } },
            max_tokens: 16,
          }),
        )
        return settled(choices)
      },
      reasoning: stream({ reasoning_effort: 'low' }),
      usage: stream({ stream_options: { include_usage: true } } as Body),
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
      embeddings: async (asked) =>
        settled(await at(asked).embeddings.create({ model: asked.model, input: [words, 'No.'] })),
      models: async (asked) => {
        const ids: unknown[] = []
        for await (const model of at(asked).models.list()) ids.push({ model: model.id, owner: model.owned_by })
        return ids
      },
      error: chat({ messages: 'no list' as unknown as [] }),
    },
  }
}

export const openaiClients: readonly Client[] = [
  openai('openai 6', OpenAI6),
  openai('openai 5', OpenAI5 as unknown as typeof OpenAI6),
]
