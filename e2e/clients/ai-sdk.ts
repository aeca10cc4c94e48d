import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { createOpenAICompatible as createOpenAICompatible1 } from '@ai-sdk/openai-compatible-1'
import * as ai6 from 'ai'
import type { ToolSet } from 'ai'
import * as ai5 from 'ai-5'
import { type Asked, type Client, maxTokens, pixel, schema, settled, weather, words } from './client.ts'

type Provider = ReturnType<typeof createOpenAICompatible>

/** The same program over one major of the AI SDK, with its provider for servers that speak as OpenAI's. */
function aiSdk(name: string, ai: typeof ai6, create: typeof createOpenAICompatible): Client {
  const at = ({ fetch, base }: Asked): Provider =>
    create({
      name: 'service',
      baseURL: `${base}v1`,
      apiKey: 'key',
      fetch,
      includeUsage: true,
      supportsStructuredOutputs: true,
    })
  const common = (
    asked: Asked,
  ): { model: ReturnType<Provider>; temperature: number; maxRetries: number; maxOutputTokens: number } => ({
    model: at(asked)(asked.model),
    temperature: 0,
    maxRetries: 0,
    maxOutputTokens: maxTokens,
  })
  const parts = async (asked: Asked, options: object = {}): Promise<unknown> => {
    const { fullStream } = ai.streamText({ ...common(asked), prompt: words, onError: () => {}, ...options })
    const seen: unknown[] = []
    for await (const part of fullStream) {
      if (part.type === 'error') throw part.error
      if (/^(?:text|reasoning|tool)/.test(part.type) || part.type === 'finish') seen.push(settled(part))
    }
    return seen
  }
  const tools = {
    weather: ai.tool({
      description: weather.description,
      inputSchema: ai.jsonSchema<{ city: string }>({ ...weather.parameters } as never),
    }),
  }
  return {
    name,
    calls: {
      chat: async (asked) => {
        const { text, finishReason, usage } = await ai.generateText({ ...common(asked), prompt: words })
        return settled({ text, finishReason, usage })
      },
      stream: (asked) => parts(asked),
      tools: async (asked) => {
        const { toolCalls, finishReason } = await ai.generateText({
          ...common(asked),
          prompt: words,
          tools: { weather: tools.weather as ToolSet[string] },
          toolChoice: 'required',
          maxOutputTokens: 32,
        })
        return { calls: toolCalls.map(({ toolName, input }) => ({ toolName, input })), finishReason }
      },
      'structured output': async (asked) => {
        const options = { ...common(asked), prompt: words, maxOutputTokens: 16 }
        const { object } = await ai.generateObject({
          ...options,
          schema: ai.jsonSchema<object>({ ...schema } as never),
        })
        return object
      },
      reasoning: async (asked) => {
        const { reasoningText, text } = await ai.generateText({ ...common(asked), prompt: words })
        return { reasoningText, text, streamed: await parts(asked) }
      },
      usage: async (asked) => {
        const result = ai.streamText({ ...common(asked), prompt: words, onError: () => {} })
        await result.consumeStream()
        return settled(await result.usage)
      },
      image: async (asked) => {
        const content = [
          { type: 'text' as const, text: words },
          { type: 'image' as const, image: pixel },
        ]
        const { text } = await ai.generateText({ ...common(asked), messages: [{ role: 'user', content }] })
        return text
      },
      embeddings: async (asked) => {
        const model = at(asked).textEmbeddingModel(asked.model)
        const { embeddings, usage } = await ai.embedMany({ model, values: [words, 'No.'], maxRetries: 0 })
        return { embeddings, usage }
      },
      // llama.cpp's server answers for every model; vLLM's refuses.
      error: async (asked) => {
        const { text } = await ai.generateText({ ...common({ ...asked, model: 'none' }), prompt: words })
        return text
      },
    },
  }
}

export const aiSdkClients: readonly Client[] = [
  aiSdk('AI SDK 6', ai6, createOpenAICompatible),
  aiSdk('AI SDK 5', ai5 as unknown as typeof ai6, createOpenAICompatible1 as unknown as typeof createOpenAICompatible),
]
