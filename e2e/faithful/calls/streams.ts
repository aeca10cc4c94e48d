import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Call, type Fetch, chunk, chunked, delta, events, head, lastChunk } from '../call.ts'
import { eventClients } from '../event-clients.ts'

const usage = JSON.stringify({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
})
const said = ['a', '\u00e9\u{1f600}', 'c'].map((content) => `data: ${delta(content)}`)
const finish = JSON.stringify({ ...JSON.parse(delta('')), choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
const all = [...said, `data: ${finish}`, `data: ${usage}`, 'data: [DONE]']

function joined(lines: readonly string[], blank: string): string {
  return lines.map((line) => `${line}${blank}`).join('')
}

function bytewise(text: string): Buffer[] {
  return Array.from(Buffer.from(text), (byte) => Buffer.of(byte))
}

/** The parts of each stream, written one by one. */
const forms: Readonly<Record<string, readonly (string | Buffer)[]>> = {
  'ends of lines: LF': [joined(all, '\n\n')],
  'ends of lines: CR LF': [joined(all, '\r\n\r\n')],
  'ends of lines: CR': [joined(all, '\r\r')],
  'LF, event by event': all.map((line) => `${line}\n\n`),
  'CR LF, event by event': all.map((line) => `${line}\r\n\r\n`),
  'LF, byte by byte': bytewise(joined(all, '\n\n')),
  'CR LF, byte by byte': bytewise(joined(all, '\r\n\r\n')),
  'a byte order mark': [`\ufeff${joined(all, '\n\n')}`],
  'comments between events': [': PROCESSING\n\n', ...all.flatMap((line) => [`${line}\n\n`, ': keep-alive\n\n'])],
  'no [DONE]': [joined(all.slice(0, -1), '\n\n')],
  'no last blank line': [joined(all, '\n\n').trimEnd()],
  'no blank behind the colon': [
    joined(
      all.map((line) => line.replace('data: ', 'data:')),
      '\n\n',
    ),
  ],
  'lines of id and event': [
    joined(
      all.map((line, index) => `id: ${index}\nevent: message\n${line}`),
      '\n\n',
    ),
  ],
  'more blank lines than needed': [joined(all, '\n\n\n\n')],
  'a long event': [joined([`data: ${delta('x'.repeat(50_000))}`, 'data: [DONE]'], '\n\n')],
  'many events at once': [
    joined([...Array.from({ length: 500 }, (_, index) => `data: ${delta(`${index};`)}`), 'data: [DONE]'], '\n\n'),
  ],
}

/** Whether the client can read the form at all: some know one end of lines alone. */
function canRead(client: string, form: string): boolean {
  return !client.startsWith('cut at') || (client.includes('CR') ? form.includes('CR LF') : !form.includes('CR'))
}

/** Every form of a stream, read by every client that can. */
export const streams: readonly Call[] = Object.entries(forms).flatMap(([form, parts]) =>
  Object.entries(eventClients)
    .filter(([client]) => canRead(client, form))
    .map(([client, ask]) => ({
      name: `events: ${form}, read by ${client}`,
      answer: async (socket: Socket) => {
        socket.write(head(200, [events, chunked]))
        for (const part of parts) {
          socket.write(chunk(part))
          if (parts.length > 1) await sleep(0)
        }
        socket.write(lastChunk)
      },
      ask: async (fetch: Fetch, base: string) => ({ text: await ask(fetch, base) }),
    })),
) satisfies Call[]
