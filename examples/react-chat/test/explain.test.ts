import { BlindLlamaError } from '@blindllama/web-sdk'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { explain, reasonOf } from '../src/chat/explain.ts'

async function failWith(fetch: typeof globalThis.fetch): Promise<unknown> {
  const openai = new OpenAI({ baseURL: 'https://llm.example/v1', apiKey: 'x', maxRetries: 0, logLevel: 'off', fetch })
  return openai.models.list().then(
    () => undefined,
    (error: unknown) => error,
  )
}

describe('what went wrong', () => {
  it('is found behind the wrapping of `openai`', async () => {
    const error = await failWith(async () => {
      throw new BlindLlamaError('channel.unreachable', 'Gone')
    })
    expect(error).not.toBeInstanceOf(BlindLlamaError)
    expect(explain(error)).toMatchObject({ code: 'channel.unreachable', remedy: 'again' })
  })

  it('is the code of the gateway where the gateway itself answered', async () => {
    const headers = { 'blindllama-code': 'request.upstream_timeout', 'content-type': 'application/problem+json' }
    const error = await failWith(async () => new Response('{"error":{"message":"slow"}}', { status: 504, headers }))
    expect(explain(error)).toMatchObject({ code: 'request.upstream_timeout' })
  })

  it('is the status where the model server answered', async () => {
    const error = await failWith(async () => new Response('{"error":{"message":"busy"}}', { status: 429 }))
    expect(explain(error)).toMatchObject({ code: 'http.429', sentence: expect.stringContaining('busy') })
  })

  it('means that nothing was sent where the verifier refused, and offers to verify again', () => {
    for (const code of [
      'ak.simulated',
      'pcr.mismatch',
      'policy.syntax',
      'evidence.unreachable',
      'wasm.integrity',
    ] as const) {
      expect(explain(new BlindLlamaError(code, 'No'))).toMatchObject({
        code,
        remedy: 'verify',
        sentence: expect.stringContaining('Nothing was sent'),
      })
    }
  })

  it('has words for what nobody foresaw', () => {
    // Whether anything was sent is not known: nothing is said about it.
    expect(explain('a string')).toEqual({
      code: 'unknown',
      sentence: 'Something unexpected went wrong.',
      remedy: 'again',
    })
    expect(explain(new Error('x', { cause: new Error('y') }))).toMatchObject({ code: 'unknown' })
  })

  it('does not search for ever in errors that are their own cause', () => {
    const error = new Error('round')
    error.cause = error
    expect(explain(error).code).toBe('unknown')
  })

  it('shows a reason without repeating the code', () => {
    expect(reasonOf(new BlindLlamaError('evidence.timeout', 'Too late'))).toBe('Too late')
  })
})
