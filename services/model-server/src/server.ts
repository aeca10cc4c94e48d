import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Answer } from './answers.ts'
import { parseChatRequest, type ChatRequest } from './chat-request.ts'
import type { Engine, Step } from './engine.ts'
import { ApiError } from './errors.ts'

/** A request body may have so many bytes: far more than the longest context. */
const bodyLimit = 1 << 20

/** Serves `engine` over OpenAI's HTTP interface. Nothing of a request or an answer is logged or kept. */
export function createModelServer(engine: Engine): Server {
  const created = Math.floor(Date.now() / 1000)
  return createServer((request, response) => {
    route(engine, created, request, response).catch((error: unknown) => fail(response, error))
  })
}

async function route(
  engine: Engine,
  created: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const model = { id: engine.modelId, object: 'model', created, owned_by: 'local', context_window: engine.contextSize }
  const path = request.url ?? '/'
  if (path === '/v1/models') {
    expectMethod(request, response, 'GET')
    sendJson(response, 200, { object: 'list', data: [model] })
  } else if (path.startsWith('/v1/models/')) {
    expectMethod(request, response, 'GET')
    if (path.slice('/v1/models/'.length) !== encodeURIComponent(model.id)) throw unknownModel()
    sendJson(response, 200, model)
  } else if (path === '/v1/chat/completions') {
    expectMethod(request, response, 'POST')
    const chat = parseChatRequest(parseJson(await readBody(request)))
    if (chat.model !== model.id) throw unknownModel()
    await complete(engine, chat, response)
  } else {
    throw new ApiError(404, 'unknown_url', 'There is nothing at this path.')
  }
}

async function complete(engine: Engine, chat: ChatRequest, response: ServerResponse): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort(new Error('the client has gone')))
  const answer = new Answer(engine.modelId)
  const steps = engine.answer(chat, gone.signal)
  try {
    if (chat.stream) await sendStream(response, answer, steps, chat.includeUsage)
    else await sendWhole(response, answer, steps)
  } catch (error) {
    if (!gone.signal.aborted) throw error
  }
}

async function sendWhole(response: ServerResponse, answer: Answer, steps: AsyncIterable<Step>): Promise<void> {
  let text = ''
  let last: Step | undefined
  for await (const step of steps) {
    text += step.text
    last = step
  }
  if (last !== undefined) sendJson(response, 200, answer.completion(text, last))
}

/** One event a token. The head waits for the first one, so that an error before it still has its own status. */
async function sendStream(
  response: ServerResponse,
  answer: Answer,
  steps: AsyncIterable<Step>,
  includeUsage: boolean,
): Promise<void> {
  for await (const step of steps) {
    if (!response.headersSent) {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' })
      await sendEvent(response, answer.chunk({ role: 'assistant', content: '' }))
    }
    if (step.text !== '') await sendEvent(response, answer.chunk({ content: step.text }))
    if (step.finish === undefined) continue
    await sendEvent(response, answer.chunk({}, step.finish))
    if (includeUsage) await sendEvent(response, answer.usageChunk(step))
    response.end('data: [DONE]\n\n')
  }
}

async function sendEvent(response: ServerResponse, data: object): Promise<void> {
  if (response.write(`data: ${JSON.stringify(data)}\n\n`) || response.destroyed) return
  await new Promise<void>((resolve) => {
    const resume = (): void => {
      response.off('drain', resume)
      response.off('close', resume)
      resolve()
    }
    response.on('drain', resume)
    response.on('close', resume)
  })
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  const body = Buffer.from(JSON.stringify(value))
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.length,
    'cache-control': 'no-store',
  })
  response.end(body)
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.destroyed) return
  const known = error instanceof ApiError ? error : new ApiError(500, 'internal_error', 'The model failed.')
  if (!(error instanceof ApiError))
    process.stderr.write(`model server: ${error instanceof Error ? error.name : 'error'}\n`)
  if (response.headersSent) response.end(`data: ${JSON.stringify(known)}\n\n`)
  else {
    if (known.status === 413) response.setHeader('connection', 'close')
    sendJson(response, known.status, known.toJSON())
  }
}

function expectMethod(request: IncomingMessage, response: ServerResponse, method: string): void {
  if (request.method === method) return
  response.setHeader('allow', method)
  throw new ApiError(405, 'method_not_allowed', `This path answers ${method} only.`)
}

function unknownModel(): ApiError {
  return new ApiError(
    404,
    'model_not_found',
    'The model does not exist here: GET /v1/models lists those that do.',
    'model',
  )
}

/** Not `for await`: leaving such a loop early closes the connection before the answer is sent. */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  return new Promise((resolve, reject) => {
    request.on('data', (piece: Buffer) => {
      length += piece.length
      if (length <= bodyLimit) pieces.push(piece)
      else reject(new ApiError(413, 'request_too_large', `A request has at most ${bodyLimit} bytes.`))
    })
    request.on('end', () => resolve(Buffer.concat(pieces)))
    request.on('error', reject)
    request.on('close', () => reject(new Error('the client has gone')))
  })
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw new ApiError(400, 'invalid_json', 'The body is not JSON in UTF-8.')
  }
}
