import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { toolsFolder } from '../../../tools/environment.ts'
import { Engine } from '../src/engine.ts'
import { createModelServer } from '../src/server.ts'

export interface TestServer {
  readonly url: string
  readonly engine: Engine
  post(body: unknown, signal?: AbortSignal): Promise<Response>
  complete(body: object): Promise<Completion>
  stop(): Promise<void>
}

/** The real model behind the real server, on a free port. */
export async function startTestServer(): Promise<TestServer> {
  const engine = await Engine.load({
    modelPath: join(toolsFolder, 'models/SmolLM2-135M-Instruct.Q4_1.gguf'),
    modelId: 'smollm2',
    threads: 1,
    parallel: 2,
    contextSize: 512,
  })
  const server: Server = createModelServer(engine).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const post: TestServer['post'] = async (body, signal) =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify({ model: 'smollm2', ...(body as object) }),
      signal: signal ?? null,
    })
  return {
    url,
    engine,
    post,
    complete: async (body) => (await post(body)).json() as Promise<Completion>,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await engine.dispose()
    },
  }
}

export interface Completion {
  readonly object: string
  readonly choices: readonly { readonly message: { readonly content: string }; readonly finish_reason: string }[]
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number }
}

export interface Chunk {
  readonly object: string
  readonly choices: readonly { readonly delta: { readonly content?: string }; readonly finish_reason: string | null }[]
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number }
}

/** The chunks of a stream; fails when it does not end as it must. */
export async function readChunks(response: Response): Promise<Chunk[]> {
  const events = (await response.text()).split('\n\n')
  if (events.pop() !== '' || events.pop() !== 'data: [DONE]') throw new Error('the stream did not end with [DONE]')
  return events.map((event) => JSON.parse(event.replace(/^data: /, '')) as Chunk)
}
