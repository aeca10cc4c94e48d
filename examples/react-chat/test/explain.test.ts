import { BlindLlamaError } from '@blindllama/web-sdk'
import { readFileSync } from 'node:fs'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { explain } from '../src/explain.ts'
import { keepErrors } from '../src/conversation/keep-errors.ts'

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
    expect(explain(error)).toMatchObject({ code: 'http.429', sentence: expect.stringContaining('busy'), said: 'busy' })
  })

  it('is told in the words of the server, as far as a screen shows them, and never in those of a failed channel', async () => {
    const told = async (message: unknown): Promise<string | undefined> =>
      explain(await failWith(async () => Response.json({ error: { message } }, { status: 400 }))).said
    expect(await told('n_ctx is 4096')).toBe('n_ctx is 4096')
    expect(await told('x'.repeat(5000))).toHaveLength(601)
    expect(await told({ html: '<b>' })).toBeUndefined()
    expect(await told(' ')).toBeUndefined()
    const headers = { 'content-type': 'text/html' }
    const page = await failWith(async () => new Response('<h1>No</h1>', { status: 502, headers }))
    expect(explain(page)).not.toHaveProperty('said')
    const cut = await failWith(async () => {
      throw new BlindLlamaError('channel.truncated', 'Cut')
    })
    expect(explain(cut)).not.toHaveProperty('said')
  })

  it('is no code of the verifier where an answer says so: something was sent then', async () => {
    for (const code of ['pcr.mismatch', 'evidence.timeout', 'nonsense', 'request.<b>']) {
      const error = await failWith(
        async () => new Response('{}', { status: 500, headers: { 'blindllama-code': code } }),
      )
      expect(explain(error)).toMatchObject({ code: 'http.500', sentence: 'The model server reported an error.' })
    }
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

  it('does not mean that nothing was sent where the verifier refused after a question was posted', async () => {
    for (const code of ['evidence.unreachable', 'pcr.mismatch', 'wasm.integrity', 'channel.key_unknown'] as const) {
      const cause = new BlindLlamaError(code, 'No')
      const error = await failWith(async () => {
        throw new BlindLlamaError('request.unknown_fate', 'A second attempt failed', { cause })
      })
      const { code: told, sentence } = explain(error)
      expect(told).toBe('request.unknown_fate')
      expect(sentence).toContain('Asking again asks a second time')
      expect(sentence).not.toContain('othing was sent')
    }
  })

  it('is found where `openai` would take the error for a timeout of its own', async () => {
    const cause = new BlindLlamaError('client.attest_timeout', 'Too late')
    const posted = new BlindLlamaError('request.unknown_fate', 'The connection failed', { cause })
    const rejecting: typeof fetch = async () => {
      throw posted
    }
    expect(explain(await failWith(keepErrors(rejecting)))).toMatchObject({ code: 'request.unknown_fate' })
    expect(explain(await failWith(rejecting)), 'without the help').toEqual({
      code: 'openai.timeout',
      sentence: 'No answer came in time. The question may have been run: asking again may ask a second time.',
      remedy: 'again',
    })
  })

  it('is thrown on as it is where it is none of ours', async () => {
    const own = new DOMException('left', 'AbortError')
    await expect(keepErrors(async () => Promise.reject(own))('https://llm.example/')).rejects.toBe(own)
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

  it('says that nothing was sent only where that is known: for no code of another layer, and for no code of a system', () => {
    const registry = readFileSync(new URL('../../../spec/codes.toml', import.meta.url), 'utf8')
    const entries = [...registry.matchAll(/^\[([a-z]+)\.([a-z_]+)\]\nby = \[(.*)\]$/gm)]
    expect(entries.length).toBeGreaterThan(150)
    for (const [, layer = '', reason = '', by = ''] of entries) {
      const { sentence } = explain(Object.assign(new Error('x'), { code: `${layer}.${reason}` }))
      if (by.includes('"verifier"') && layer !== 'receipt') expect(sentence, layer).toContain('could not be verified')
      else expect(sentence, `${layer}.${reason}`).not.toContain('could not be verified')
    }
    for (const code of ['ECONNRESET', 'policy', 'new_layer.reason', 'constructor.name'])
      expect(explain(Object.assign(new Error('x'), { code }))).toMatchObject({
        code,
        sentence: 'Something unexpected went wrong.',
      })
  })

  it('is told of a proof in words about the proof', () => {
    expect(explain(new BlindLlamaError('receipt.incomplete', 'No')).sentence).toContain('no proof')
    expect(explain(new BlindLlamaError('receipt.size', 'No'))).toMatchObject({
      remedy: 'none',
      sentence: 'No proof of this answer can be saved.',
    })
  })

  it('does not search for ever in errors that are their own cause', () => {
    const error = new Error('round')
    error.cause = error
    expect(explain(error).code).toBe('unknown')
  })
})
