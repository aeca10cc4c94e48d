import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { ModelServer } from './server.ts'

/*
 * A scripted server whose answers have the members of vLLM's, read in its sources in November 2026: the classes of
 * `vllm/entrypoints/openai/chat_completion/protocol.py` and `engine/protocol.py`. It has no model: every answer follows from the request.
 */

interface ChatRequest {
  readonly model?: string
  readonly messages?: unknown
  readonly stream?: boolean
  readonly stream_options?: { readonly include_usage?: boolean }
  readonly logprobs?: boolean
  readonly tools?: readonly { readonly function: { readonly name: string } }[]
  readonly tool_choice?: unknown
  readonly response_format?: { readonly type: string }
}

const model = 'scripted/vllm-like'
const created = 1_700_000_000
const usage = { prompt_tokens: 11, total_tokens: 14, completion_tokens: 3, prompt_tokens_details: null }

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** `ErrorResponse`; `code` is the status. */
function refuse(
  response: ServerResponse,
  code: number,
  type: string,
  message: string,
  param: string | null = null,
): void {
  sendJson(response, code, { error: { message, type, param, code } })
}

function logprobsOf(tokens: readonly string[]): object {
  return {
    content: tokens.map((token, at) => ({
      token,
      logprob: -0.25 * at,
      bytes: [...Buffer.from(token)],
      top_logprobs: [
        { token, logprob: -0.25 * at, bytes: [...Buffer.from(token)] },
        { token: 'x', logprob: -9, bytes: [120] },
      ],
    })),
  }
}

/** The tokens of the answer: what the server saw of the request decides, so that a request that was changed has another answer. */
function tokensOf(request: ChatRequest): readonly string[] {
  if (request.response_format?.type === 'json_schema') return ['{"colour"', ': ', '"blue"}']
  const images = JSON.stringify(request.messages).match(/data:image\/png;base64,[A-Za-z0-9+/=]+/g) ?? []
  return ['Grüezi ', '🦙', images.length > 0 ? ` ${images.length} image of ${images[0]?.length} characters` : '!']
}

function callsTool({ tools, tool_choice: choice }: ChatRequest): string | undefined {
  return choice === 'none' ? undefined : tools?.[0]?.function.name
}

function answerWhole(response: ServerResponse, request: ChatRequest): void {
  const tokens = tokensOf(request)
  const tool = callsTool(request)
  const call = { id: 'chatcmpl-tool-1', type: 'function', function: { name: tool, arguments: '{"city": "Bern"}' } }
  const message = {
    role: 'assistant',
    content: tool === undefined ? tokens.join('') : null,
    refusal: null,
    annotations: null,
    audio: null,
    function_call: null,
    ...(tool !== undefined && { tool_calls: [call] }),
    reasoning: 'A greeting.',
    reasoning_content: 'A greeting.',
  }
  const choice = {
    index: 0,
    message,
    logprobs: request.logprobs === true ? logprobsOf(tokens) : null,
    finish_reason: tool === undefined ? 'stop' : 'tool_calls',
    stop_reason: null,
    token_ids: null,
  }
  const more = {
    service_tier: null,
    system_fingerprint: null,
    prompt_logprobs: null,
    prompt_token_ids: null,
    kv_transfer_params: null,
  }
  sendJson(response, 200, {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created,
    model,
    choices: [choice],
    usage,
    ...more,
  })
}

function answerStream(response: ServerResponse, request: ChatRequest): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  const send = (choices: readonly object[], more: object = {}): void => {
    const chunk = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created, model, choices, ...more }
    response.write(`data: ${JSON.stringify(chunk)}\n\n`)
  }
  const delta = (members: object, end: string | null = null, logprobs: object | null = null): void =>
    send([{ index: 0, delta: members, logprobs, finish_reason: end, token_ids: null }])
  const tool = callsTool(request)
  delta({ role: 'assistant', content: '' })
  for (const piece of ['A ', 'greeting.']) delta({ reasoning: piece, reasoning_content: piece })
  if (tool === undefined)
    for (const token of tokensOf(request))
      delta({ content: token }, null, request.logprobs === true ? logprobsOf([token]) : null)
  else {
    const head = { id: 'chatcmpl-tool-1', type: 'function', index: 0, function: { name: tool, arguments: '' } }
    delta({ tool_calls: [head] })
    for (const piece of ['{"city"', ': "Bern"}']) delta({ tool_calls: [{ index: 0, function: { arguments: piece } }] })
  }
  delta({}, tool === undefined ? 'stop' : 'tool_calls')
  if (request.stream_options?.include_usage === true) send([], { usage })
  response.end('data: [DONE]\n\n')
}

function answerChat(response: ServerResponse, request: ChatRequest): void {
  if (!Array.isArray(request.messages))
    refuse(response, 400, 'BadRequestError', "[{'type': 'list_type', 'loc': ('body', 'messages')}]", 'messages')
  else if (request.model !== undefined && request.model !== model)
    refuse(response, 404, 'NotFoundError', `The model \`${request.model}\` does not exist.`, 'model')
  else if (request.stream === true) answerStream(response, request)
  else answerWhole(response, request)
}

function answerEmbeddings(
  response: ServerResponse,
  { input, encoding_format: format }: { input?: unknown; encoding_format?: string },
): void {
  const inputs = Array.isArray(input) ? (input as unknown[]) : [input]
  const data = inputs.map((one, index) => {
    const numbers = new Float32Array([String(one).length, 0.5, -1 / 3])
    const embedding = format === 'base64' ? Buffer.from(numbers.buffer).toString('base64') : [...numbers]
    return { index, object: 'embedding', embedding }
  })
  const counted = { prompt_tokens: 5, total_tokens: 5, completion_tokens: 0, prompt_tokens_details: null }
  sendJson(response, 200, { id: 'embd-1', object: 'list', created, model, data, usage: counted })
}

async function answer(request: IncomingMessage, response: ServerResponse, note: (line: string) => void): Promise<void> {
  const { method, url } = request
  const content = await text(request)
  note(`${method} ${url} ${content}`)
  if (url === '/v1/models') {
    const card = {
      id: model,
      object: 'model',
      created,
      owned_by: 'vllm',
      root: model,
      parent: null,
      max_model_len: 4096,
    }
    sendJson(response, 200, { object: 'list', data: [{ ...card, permission: [] }] })
  } else if (url === '/v1/chat/completions') answerChat(response, JSON.parse(content) as ChatRequest)
  else if (url === '/v1/embeddings') answerEmbeddings(response, JSON.parse(content) as object)
  else sendJson(response, 404, { detail: 'Not Found' })
}

export async function startVllmLike(): Promise<ModelServer> {
  let got: string[] = []
  const server = createServer((request, response) => {
    answer(request, response, (line) => got.push(line)).catch(() => response.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    name: 'a scripted server after the sources of vLLM',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    model,
    received() {
      const all = got
      got = []
      return all
    },
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
