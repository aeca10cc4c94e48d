import { exit } from './exit.js'
import { Failure } from './failure.js'

/** An endpoint of a gateway for those who sign (PROTOCOL.md §22, §26). */
export interface Endpoint {
  readonly url: URL
  /** Of its codes. */
  readonly layer: string
  /** That has to name the key. */
  readonly setting: string
}

/** JSON of a gateway: an answer, or a problem with its code. */
export type Answer = Record<string, unknown>

/** What a POST sends. */
export interface Sent {
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Of an answer: three certificates of NVRAM, each of 64 KiB at most. */
const largest = 512 * 1024

/** @param base URL of the service */
export function endpointOf(base: string, name: string, setting: string): Endpoint {
  return { url: new URL(`blindllama/v1/${name}`, base.endsWith('/') ? base : `${base}/`), layer: name, setting }
}

/**
 * One request: a GET, or a POST with content.
 *
 * @throws {Failure} where no gateway answers; a problem of the endpoint's layer is an answer
 */
export async function exchange(endpoint: Endpoint, patienceMs: number, sent?: Sent): Promise<Answer> {
  const { url } = endpoint
  // A timer of its own: Node.js 20 may collect the signal of AbortSignal.timeout while a body is read, and never fires it.
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), patienceMs)
  try {
    const response = await fetch(url, {
      redirect: 'error',
      signal: patience.signal,
      ...(sent && {
        method: 'POST',
        body: sent.body,
        headers: { 'content-type': 'application/json', ...sent.headers },
      }),
    })
    return parsed(endpoint, response, await textOf(response))
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    if (patience.signal.aborted)
      throw new Failure('cli.timeout', `${url.href} did not answer within ${patienceMs / 1000} s`, exit.undecided, {
        cause,
      })
    throw new Failure('evidence.unreachable', `${url.href}: ${(cause as Error).message}`, exit.undecided, { cause })
  } finally {
    clearTimeout(timer)
  }
}

async function textOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += (part as Uint8Array).length
    if (length > largest) throw new Failure('cli.size', `The answer has more than ${largest} bytes`, exit.undecided)
    parts.push(part as Uint8Array)
  }
  return Buffer.concat(parts).toString('utf8')
}

function parsed({ url, layer, setting }: Endpoint, { status, ok }: Response, text: string): Answer {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    answer = undefined
  }
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer))
    throw new Failure('evidence.status', `${url.href} answered ${status}, and not in JSON`, exit.undecided)
  const { code } = answer as Answer
  if (!ok && (typeof code !== 'string' || !code.startsWith(`${layer}.`)))
    throw new Failure(
      'evidence.status',
      `${url.href} answered ${status}${typeof code === 'string' ? ` ${code}` : ''}. Check that the base URL leads to a gateway whose setting ${setting} names this key`,
      exit.undecided,
    )
  return answer as Answer
}

/** What a problem says to a person. Its members may be anything. */
export function reasonOf({ title, detail }: Answer): string {
  const where = typeof detail === 'string' ? ` (${detail})` : ''
  return `${typeof title === 'string' ? title : 'it does not say why'}${where}`
}

/** @throws {Failure} `evidence.status` where the member is not base64url */
export function bytesIn(answer: Answer, member: string): Uint8Array {
  const text = answer[member]
  if (typeof text !== 'string' || !/^[A-Za-z0-9_-]*$/.test(text)) throw unexpected(member)
  return new Uint8Array(Buffer.from(text, 'base64url'))
}

export function unexpected(member: string): Failure {
  return new Failure(
    'evidence.status',
    `The answer of the gateway has no '${member}' of its form (PROTOCOL.md §22.1, §26.1)`,
    exit.undecided,
  )
}

export function lengthPrefixed(part: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(part.length)
  return Buffer.concat([length, part])
}

export const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
