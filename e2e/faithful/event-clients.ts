import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { ChatOpenAI } from '@langchain/openai'
import { streamText } from 'ai'
import { createParser } from 'eventsource-parser'
import OpenAI from 'openai'
import { type Fetch, chatBody, post } from './call.ts'

/** Asks for a stream, and gives the text that it read out of it. */
export type EventClient = (fetch: Fetch, base: string) => Promise<string>

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[]
  readonly usage?: object | null
}

async function ask(fetch: Fetch, base: string): Promise<Response> {
  return post(fetch, base, { body: chatBody(true) })
}

function textOf(chunk: Chunk): string {
  return chunk.choices[0]?.delta.content ?? (chunk.usage ? '|usage' : '')
}

function dataOf(data: string): string {
  return data === '[DONE]' ? '' : textOf(JSON.parse(data) as Chunk)
}

/** Cuts at blank lines and takes what begins with `data: ` for an event of one line, as many pages do. */
function cutAt(blankLine: string): EventClient {
  return async (fetch, base) => {
    const blocks = (await (await ask(fetch, base)).text()).split(blankLine)
    return blocks.map((block) => (block.startsWith('data: ') ? dataOf(block.slice('data: '.length)) : '')).join('')
  }
}

/** Those of libraries, and those that people write by hand. */
export const eventClients: Readonly<Record<string, EventClient>> = {
  openai: async (fetch, base) => {
    const client = new OpenAI({ baseURL: `${base}v1`, apiKey: 'k', fetch, maxRetries: 0 })
    let text = ''
    const messages = [{ role: 'user' as const, content: 'hi' }]
    for await (const chunk of await client.chat.completions.create({ model: 'm', stream: true, messages }))
      text += textOf(chunk as Chunk)
    return text
  },
  'AI SDK': async (fetch, base) => {
    const model = createOpenAICompatible({ name: 'x', baseURL: `${base}v1`, fetch })('m')
    let text = ''
    for await (const part of streamText({ model, prompt: 'hi', maxRetries: 0, onError() {} }).textStream) text += part
    return text
  },
  LangChain: async (fetch, base) => {
    const configuration = { baseURL: `${base}v1`, fetch }
    const model = new ChatOpenAI({ model: 'm', apiKey: 'k', maxRetries: 0, configuration })
    let text = ''
    for await (const part of await model.stream('hi')) text += String(part.content)
    return text
  },
  'eventsource-parser': async (fetch, base) => {
    let text = ''
    const parser = createParser({ onEvent: ({ data }) => (text += dataOf(data)) })
    const decoder = new TextDecoder()
    for await (const part of (await ask(fetch, base)).body ?? []) parser.feed(decoder.decode(part, { stream: true }))
    return text
  },
  'line by line': async (fetch, base) => {
    const lines = (await (await ask(fetch, base)).text()).split(/\r\n|\n|\r/)
    return lines.map((line) => (line.startsWith('data:') ? dataOf(line.slice('data:'.length).trim()) : '')).join('')
  },
  'cut at LF LF': cutAt('\n\n'),
  'cut at CR LF CR LF': cutAt('\r\n\r\n'),
}
