import type { Answer } from './raw-upstream.ts'

export type Fetch = typeof globalThis.fetch

/** What a caller saw, as plain data that can be compared. */
export type Observed = Readonly<Record<string, unknown>>

/** One call, made directly and through gateway and SDK. */
export interface Call {
  readonly name: string
  /** What the model server does. */
  readonly answer: Answer
  /**
   * Makes the call. What it throws is an outcome too.
   *
   * @param base of the service, with a slash at its end
   */
  readonly ask: (fetch: Fetch, base: string) => Promise<Observed>
}

export const chatPath = 'v1/chat/completions'

export function chatBody(stream: boolean): string {
  return JSON.stringify({ model: 'm', stream, messages: [{ role: 'user', content: 'hi' }] })
}

/** Posts a chat request. */
export async function post(fetch: Fetch, base: string, init: RequestInit = {}): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...(init.headers as Record<string, string>) }
  return fetch(`${base}${chatPath}`, { method: 'POST', body: chatBody(false), ...init, headers })
}

/** All that `fetch` tells of an answer: head, content, and how it ends. */
export async function look(response: Response, base: string): Promise<Observed> {
  const { status, ok, redirected, headers, url } = response
  const { bytes, end } = await readToEnd(response)
  return {
    status,
    ok,
    redirected,
    path: url.startsWith(base) ? url.slice(base.length) : url,
    fields: Object.fromEntries(headers),
    text: new TextDecoder().decode(bytes),
    end,
  }
}

/** Reads what there is. The words of an error are each implementation's own: that it is one is compared. */
async function readToEnd(response: Response): Promise<{ bytes: Buffer; end: 'whole' | 'broken' }> {
  const parts: Uint8Array[] = []
  try {
    for await (const part of response.body ?? []) parts.push(part)
    return { bytes: Buffer.concat(parts), end: 'whole' }
  } catch {
    return { bytes: Buffer.concat(parts), end: 'broken' }
  }
}

/** The call most of the table consists of: a chat request, and all that its answer says. */
export async function chat(fetch: Fetch, base: string): Promise<Observed> {
  return look(await post(fetch, base), base)
}

/** The same, streamed. */
export async function streamedChat(fetch: Fetch, base: string): Promise<Observed> {
  return look(await post(fetch, base, { body: chatBody(true) }), base)
}

/** A head, with CR LF behind each line and a blank line at its end. */
export function head(status: number | string, fields: readonly string[] = []): string {
  return [`HTTP/1.1 ${status}${typeof status === 'number' ? ' Something' : ''}`, ...fields, '', ''].join('\r\n')
}

/** An answer with its length. */
export function sized(status: number | string, fields: readonly string[], content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content)
  return Buffer.concat([Buffer.from(head(status, [...fields, `content-length: ${bytes.length}`]), 'latin1'), bytes])
}

export function chunk(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content)
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

export const lastChunk = '0\r\n\r\n'
export const json = 'content-type: application/json'
export const events = 'content-type: text/event-stream'
export const chunked = 'transfer-encoding: chunked'

export function completion(content: string, more: object = {}): string {
  const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }]
  return JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'm', choices, ...more })
}

export function delta(content: string, more: object = {}): string {
  const choices = [{ index: 0, delta: { content, ...more }, finish_reason: null }]
  return JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices })
}
