import type { Browser } from '@playwright/test'

/** What an application found: the whole way from evidence to the end of a streamed answer. */
export interface Outcome {
  readonly result?: string
  /** Steps of the verdict that passed. */
  readonly passed?: number
  readonly status?: number
  /** Parts in which the text came. */
  readonly parts?: number
  /** The answer ended with its last event. */
  readonly done?: boolean
  readonly error?: string
}

/** A fresh project that has installed the packed SDK. */
export interface App {
  readonly name: string
  /** By exact version; the SDK comes from its tarball. */
  readonly dependencies: Readonly<Record<string, string>>
  /** By path, besides those that every application has. */
  readonly files: Readonly<Record<string, string>>
}

export interface Context {
  /** The project, installed. */
  readonly folder: string
  /** A free port of 127.0.0.1 whose origin may call the gateway. */
  readonly port: number
  readonly serviceOrigin: string
  readonly browser: Browser
  /** Undone after the target, last first. */
  readonly undo: (() => unknown)[]
}

/** A runtime, or a bundler in one of its ways. */
export interface Target {
  readonly name: string
  readonly app: App
  /** Belongs to the part that `npm test` runs. */
  readonly isQuick?: boolean
  readonly timeoutMs?: number
  readonly run: (context: Context) => Promise<Outcome>
}

/** Why an outcome is not a verified streamed answer; undefined where it is one. */
export function fault({ error, result, passed = 0, status, parts = 0, done }: Outcome): string | undefined {
  if (error !== undefined) return error
  if (result !== 'pass' || passed < 20) return `the verdict is ${result} with ${passed} passed steps`
  if (status !== 200 || done !== true || parts < 2)
    return `the answer has status ${status}, ${parts} parts, done: ${done}`
  return undefined
}

/** A module of every application: asks through the client and tells what came. */
export const askSource = `
export async function ask(connect, service, more = {}) {
  try {
    const { url, policy } = service
    const client = await connect({ url, policy, dangerouslyAllowSimulated: true, ...more })
    return await stream(client.fetch, client.verdict, service)
  } catch (error) {
    return { error: String(error?.stack ?? error) }
  }
}

export async function stream(fetch, verdict, { url, model }) {
  const base = new URL(url, globalThis.location?.href)
  const response = await fetch(new URL('v1/chat/completions', base), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream: true, max_tokens: 8, messages: [{ role: 'user', content: 'Say hello.' }] }),
  })
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  let parts = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += part.value
    parts += 1
  }
  const passed = verdict.steps.filter(({ status }) => status === 'pass').length
  return { result: verdict.result, passed, status: response.status, parts, done: text.includes('[DONE]') }
}
`
