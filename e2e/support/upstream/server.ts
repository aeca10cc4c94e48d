/** `server.ts PORT`: the smallest OpenAI-compatible server; a request says what it wants to be answered, and how. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { receive } from './received.ts'
import { eventsOf, wholeOf, type AnswerPlan } from './answer-plan.ts'

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET') {
    response.setHeader('content-type', 'application/json').end('{"object":"list","data":[{"id":"fixed"}]}')
    return
  }
  if (request.url === '/v1/files') {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(await receive(request)))
    return
  }
  // An ordinary request, such as that of an example, gets three tokens.
  const plan: AnswerPlan = { tokens: 3, ...((await json(request)) as Partial<AnswerPlan>) }
  if (plan.whole === true) {
    response.setHeader('content-type', 'application/json').end(wholeOf(plan))
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.flushHeaders()
  for (const event of eventsOf(plan).slice(0, plan.hangAfter)) {
    if (plan.everyMs !== undefined) await setTimeout(plan.everyMs)
    response.write(event)
  }
  if (plan.hangAfter === undefined) response.end()
}

createServer({ noDelay: true }, (request, response) => {
  answer(request, response).catch(() => response.destroy())
}).listen(Number(process.argv[2]), '127.0.0.1')
