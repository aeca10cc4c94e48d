import { HumanMessage } from '@langchain/core/messages'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { type Asked, type Client, maxTokens, pixel, schema, settled, weather, words } from './client.ts'

type Fields = NonNullable<ConstructorParameters<typeof ChatOpenAI>[0]>

function at({ fetch, base, model }: Asked, fields: Fields = {}): ChatOpenAI {
  const configuration = { baseURL: `${base}v1`, fetch }
  return new ChatOpenAI({ apiKey: 'key', model, temperature: 0, maxTokens, maxRetries: 0, ...fields, configuration })
}

/** The parts of a message that a program reads. */
function shown(message: {
  content: unknown
  additional_kwargs: unknown
  usage_metadata?: unknown
  tool_calls?: unknown
}): unknown {
  const { content, additional_kwargs: more, usage_metadata: usage, tool_calls: calls } = message
  return settled({ content, more, usage, calls })
}

export const langchain: Client = {
  name: 'LangChain',
  calls: {
    chat: async (asked) => shown(await at(asked).invoke(words)),
    stream: async (asked) => {
      const chunks: unknown[] = []
      for await (const chunk of await at(asked).stream(words)) chunks.push(shown(chunk))
      return chunks
    },
    tools: async (asked) => {
      const tools = [{ type: 'function' as const, function: { ...weather } }]
      return shown(await at(asked, { maxTokens: 32 }).bindTools(tools, { tool_choice: 'required' }).invoke(words))
    },
    'structured output': async (asked) =>
      at(asked, { maxTokens: 16 })
        .withStructuredOutput({ title: 'colour', ...schema }, { method: 'jsonSchema' })
        .invoke(words),
    usage: async (asked) => {
      const chunks: unknown[] = []
      for await (const chunk of await at(asked, { streamUsage: true }).stream(words)) chunks.push(shown(chunk))
      return chunks.at(-1)
    },
    logprobs: async (asked) => {
      const message = await at(asked, { logprobs: true, topLogprobs: 2 }).invoke(words)
      return settled(message.response_metadata)
    },
    image: async (asked) => {
      const content = [
        { type: 'text', text: words },
        { type: 'image_url', image_url: { url: pixel } },
      ]
      return shown(await at(asked).invoke([new HumanMessage({ content })]))
    },
    embeddings: async ({ fetch, base, model }) =>
      new OpenAIEmbeddings({
        apiKey: 'key',
        model,
        maxRetries: 0,
        configuration: { baseURL: `${base}v1`, fetch },
      }).embedDocuments([words, 'No.']),
    // llama.cpp's server answers for every model; vLLM's refuses.
    error: async (asked) => shown(await at({ ...asked, model: 'none' }).invoke(words)),
  },
}
