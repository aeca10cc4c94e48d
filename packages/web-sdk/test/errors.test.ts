import { inspect } from 'node:util'
import type { FailedVerdict } from '../src/verdict.js'
import { describe, expect, test } from 'vitest'
import { answered, BlindLlamaError } from '../src/errors.js'

describe('an error', () => {
  const cause = new TypeError('network')
  const error = new BlindLlamaError('channel.unreachable', 'The service could not be reached', { cause })

  test('has a code, a cause and a name, and says its code to people too', () => {
    expect(error).toBeInstanceOf(Error)
    expect(error.code).toBe('channel.unreachable')
    expect(error.cause).toMatchObject({ name: 'TypeError' })
    expect(String(error)).toBe('BlindLlamaError: The service could not be reached (channel.unreachable)')
    expect(error.verdict).toBeUndefined()
  })

  test('is recognised, also from another copy of the package', () => {
    const foreign = Object.assign(new Error('x'), { [Symbol.for('blindllama.error')]: true, code: 'client.closed' })
    expect(BlindLlamaError.isInstance(error)).toBe(true)
    expect(BlindLlamaError.isInstance(foreign)).toBe(true)
  })

  test.each([new Error('x'), { code: 'client.closed' }, undefined, null, 'client.closed'])('%s is none', (value) => {
    expect(BlindLlamaError.isInstance(value)).toBe(false)
  })
})

describe('the error of this package is found', () => {
  const ours = new BlindLlamaError('pcr.mismatch', 'x')
  const answer = new Response(null, { status: 406 })
  answered.set(answer.headers, ours)
  const loop = Object.assign(new Error('x'), { cause: undefined as unknown, errors: [] as unknown[] })
  loop.cause = loop
  loop.errors = [loop, loop, loop]

  test.each<[string, unknown]>([
    ['itself', ours],
    ['as a cause', new Error('Connection error.', { cause: ours })],
    ['as a cause of a cause', new Error('x', { cause: new Error('y', { cause: ours }) })],
    ['as one of several errors', new AggregateError([new Error('x'), ours])],
    ['where a library was answered with it', { status: 406, headers: answer.headers }],
    ['beside a circle of causes', new AggregateError([loop, ours])],
  ])('%s', (_, error) => {
    expect(BlindLlamaError.find(error)).toBe(ours)
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['text', 'quote.signature'],
    ['null', null],
    ['a foreign error', new Error('x', { cause: new Error('y') })],
    ['a circle of causes', loop],
    ['the header fields of another answer', { headers: new Headers() }],
    ['header fields that are text', { headers: 'x', errors: 'y' }],
  ])('but not in %s', (_, error) => {
    expect(BlindLlamaError.find(error)).toBeUndefined()
  })

  test('and names its page', () => {
    expect(ours.help).toBe('https://github.com/blindllama/blindllama-web/blob/main/docs/ERRORS.md#pcr')
  })
})

test('a console shows the sentence of a refusal, and not the steps of its verdict', () => {
  const steps = Array.from({ length: 20 }, () => ({ id: 'policy', status: 'pass', code: 'ok', detail: '' }))
  const verdict = { result: 'fail', code: 'pcr.mismatch', detail: '', steps } as unknown as FailedVerdict
  const error = new BlindLlamaError('pcr.mismatch', 'The measurements differ', { verdict })
  expect(error.verdict).toBe(verdict)
  expect(inspect(error).replace(error.stack ?? '', '')).not.toContain('steps')
  expect(Object.keys(error)).toEqual(['code'])
})

function told(cause: unknown): string {
  const error = new BlindLlamaError('request.body', 'The body cannot be read', { cause })
  return inspect(error, { depth: 12, showHidden: true })
}

function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return expect.unreachable('nothing was thrown')
}

describe('the cause of an error', () => {
  const secret = 'sk-live-SECRET'

  test.each<[string, unknown]>([
    [
      'holds no secret of a header value that the platform quotes',
      thrownBy(() => new Headers({ authorization: `${secret}\n42` })),
    ],
    ['holds no secret of an address that the platform quotes', thrownBy(() => new URL(`//[${secret}`))],
    ['holds no secret of a message', new Error(secret)],
    ['holds no secret of a name', Object.assign(new Error('x'), { name: secret })],
    ['holds no secret of a name that is none', Object.assign(new Error('x'), { name: Symbol(secret) })],
    ['holds no secret of a code', Object.assign(new Error('x'), { code: secret })],
    [
      'holds no secret of a member',
      Object.assign(new Error('x'), { input: secret, headers: { authorization: secret } }),
    ],
    ['holds no secret of a stack', Object.assign(new Error('x'), { stack: secret })],
    ['holds no secret of a cause of its own', new Error('x', { cause: new Error('y', { cause: new Error(secret) }) })],
    ['holds no secret of several errors in one', new AggregateError([new Error(secret)], 'x')],
    [
      'holds no secret of an error of another copy of the package',
      Object.assign(new Error(secret), { [Symbol.for('blindllama.error')]: true }),
    ],
    ['holds no secret of a DOMException', new DOMException(secret, 'NotReadableError')],
    ['holds no secret of text', secret],
    ['holds no secret of an object', { prompt: secret }],
  ])('%s', (_, cause) => {
    expect(told(cause)).not.toContain('SECRET')
  })

  test('keeps what kind of failure it was, down to the system', () => {
    const system = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:443'), { code: 'ECONNREFUSED' })
    const error = new BlindLlamaError('evidence.unreachable', 'No answer', {
      cause: new TypeError('fetch failed', { cause: system }),
    })
    expect(error.cause).toMatchObject({ name: 'TypeError', cause: { name: 'Error', code: 'ECONNREFUSED' } })
    expect(
      new BlindLlamaError('client.state', 'x', { cause: new DOMException('', 'QuotaExceededError') }).cause,
    ).toMatchObject({ name: 'QuotaExceededError' })
  })

  test('is kept whole where it is one of ours', () => {
    const inner = new BlindLlamaError('client.closed', 'The client was closed')
    expect(new BlindLlamaError('receipt.incomplete', 'x', { cause: inner }).cause).toBe(inner)
  })

  test('ends, also where it names itself', () => {
    const loop = new Error('x')
    loop.cause = loop
    expect(told(loop)).toContain('request.body')
  })
})
