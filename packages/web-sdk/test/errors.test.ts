import { describe, expect, test } from 'vitest'
import { BlindLlamaError } from '../src/errors.js'

describe('an error', () => {
  const cause = new TypeError('network')
  const error = new BlindLlamaError('channel.unreachable', 'The service could not be reached', { cause })

  test('has a code, a cause and a name, and says its code to people too', () => {
    expect(error).toBeInstanceOf(Error)
    expect(error.code).toBe('channel.unreachable')
    expect(error.cause).toBe(cause)
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
