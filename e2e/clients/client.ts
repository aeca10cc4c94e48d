export type Fetch = typeof globalThis.fetch

/** What is asked of a service; each client asks it in its own words. */
export const callNames = [
  'chat',
  'stream',
  'tools',
  'structured output',
  'reasoning',
  'usage',
  'logprobs',
  'image',
  'embeddings',
  'models',
  'error',
] as const
export type CallName = (typeof callNames)[number]

export interface Asked {
  readonly fetch: Fetch
  /** Base URL of the service, with a slash at its end. */
  readonly base: string
  readonly model: string
}

/** A client library, and the calls that it knows. */
export interface Client {
  readonly name: string
  /** Each gives what the program saw, as plain data. What it throws is an outcome too. */
  readonly calls: Readonly<Partial<Record<CallName, (asked: Asked) => Promise<unknown>>>>
}

export const words = 'Say hello.'
export const maxTokens = 8

/** A pixel, as a data URL. */
export const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

export const weather = {
  name: 'weather',
  description: 'The weather of a city',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string', enum: ['Bern', 'Oslo'] } },
    required: ['city'],
    additionalProperties: false,
  },
} as const

/** For structured outputs: short, so that a small model ends. */
export const schema = {
  type: 'object',
  properties: { colour: { type: 'string', enum: ['red', 'blue'] } },
  required: ['colour'],
  additionalProperties: false,
} as const

/** Values that differ from one answer of a server to the next. */
const fresh: ReadonlySet<string> = new Set(['id', 'created', 'timings', 'system_fingerprint'])

/** `value` as plain data, without what is fresh in each answer; ids of tool calls are only said to be there. */
export function settled(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => (fresh.has(key) ? typeof inner : inner)) ?? 'null',
  ) as unknown
}

/** What a program sees of a failure. */
export function failure(error: unknown): unknown {
  const { name, message, status, statusCode, code } = error as Record<string, unknown>
  return settled({ threw: name, message, status: status ?? statusCode, code })
}
