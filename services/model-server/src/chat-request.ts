import { ApiError } from './errors.ts'

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/** What of OpenAI's chat completion request this server understands, checked. */
export interface ChatRequest {
  readonly model: string
  readonly messages: readonly ChatMessage[]
  readonly stream: boolean
  readonly includeUsage: boolean
  /** Tokens to generate at most; undefined: as many as the context holds. */
  readonly maxTokens: number | undefined
  readonly temperature: number | undefined
  readonly topP: number | undefined
  readonly seed: number | undefined
  readonly stop: readonly string[]
}

type Fields = Readonly<Record<string, unknown>>

const roles: ReadonlyMap<unknown, ChatMessage['role']> = new Map([
  ['system', 'system'],
  ['developer', 'system'],
  ['user', 'user'],
  ['assistant', 'assistant'],
])

/** Fields that change the answer in a way that this server cannot give: refused instead of passed over. */
const unsupported = [
  'tools',
  'functions',
  'response_format',
  'logprobs',
  'top_logprobs',
  'logit_bias',
  'audio',
] as const

function invalid(param: string, demand: string): ApiError {
  return new ApiError(400, 'invalid_value', `'${param}' must be ${demand}.`, param)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function number(fields: Fields, name: string, least: number, most: number): number | undefined {
  const value = fields[name] ?? undefined
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !(value >= least && value <= most)) {
    throw invalid(name, `a number from ${least} to ${most}`)
  }
  return value
}

function integer(fields: Fields, name: string, least: number, most: number): number | undefined {
  const value = number(fields, name, least, most)
  if (value !== undefined && !Number.isInteger(value)) throw invalid(name, 'an integer')
  return value
}

function flag(fields: Fields, name: string): boolean {
  const value = fields[name] ?? false
  if (typeof value !== 'boolean') throw invalid(name, 'true or false')
  return value
}

function content(value: unknown, param: string): string {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) throw invalid(param, 'a text or a list of text parts')
  return value
    .map((part: unknown) => {
      if (!isFields(part) || part['type'] !== 'text' || typeof part['text'] !== 'string') {
        throw invalid(param, 'a text or a list of text parts')
      }
      return part['text']
    })
    .join('')
}

function messages(value: unknown): ChatMessage[] {
  if (!Array.isArray(value) || value.length === 0) throw invalid('messages', 'a list of at least one message')
  return value.map((message: unknown, index) => {
    const param = `messages[${index}]`
    if (!isFields(message)) throw invalid(param, 'an object')
    const role = roles.get(message['role'])
    if (role === undefined) throw invalid(`${param}.role`, "one of 'system', 'developer', 'user', 'assistant'")
    return { role, content: content(message['content'], `${param}.content`) }
  })
}

function stops(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]
  return list.map((stop) => {
    if (typeof stop !== 'string' || stop === '' || list.length > 4)
      throw invalid('stop', '1 to 4 texts that are not empty')
    return stop
  })
}

/** @throws {ApiError} with status 400 that names the parameter at fault */
export function parseChatRequest(value: unknown): ChatRequest {
  if (!isFields(value)) throw new ApiError(400, 'invalid_json', 'The body must be a JSON object.')
  const { model, stream_options: streamOptions } = value
  if (typeof model !== 'string') throw invalid('model', 'a text')
  for (const name of unsupported) {
    const given = value[name] ?? undefined
    const harmless = given === undefined || given === false || (Array.isArray(given) && given.length === 0)
    const plainText = name === 'response_format' && isFields(given) && given['type'] === 'text'
    if (!harmless && !plainText) {
      throw new ApiError(400, 'unsupported_parameter', `'${name}' is not supported by this model.`, name)
    }
  }
  if ((integer(value, 'n', 1, 128) ?? 1) !== 1) throw invalid('n', '1')
  const stream = flag(value, 'stream')
  if (streamOptions !== undefined && streamOptions !== null && (!isFields(streamOptions) || !stream)) {
    throw invalid('stream_options', 'an object, and only beside stream: true')
  }
  return {
    model,
    messages: messages(value['messages']),
    stream,
    includeUsage: isFields(streamOptions) && flag(streamOptions, 'include_usage'),
    maxTokens: integer(value, 'max_completion_tokens', 1, 1e9) ?? integer(value, 'max_tokens', 1, 1e9),
    temperature: number(value, 'temperature', 0, 2),
    topP: number(value, 'top_p', 0, 1),
    seed: integer(value, 'seed', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    stop: stops(value['stop']),
  }
}
