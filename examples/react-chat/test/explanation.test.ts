import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { explainValue } from '../src/proof/explanation.ts'

const sha256 = (...parts: (Buffer | string)[]): Buffer =>
  createHash('sha256')
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest()
const zero = Buffer.alloc(32)
const a = sha256('a')
const b = sha256('b')
const measured = (...digests: Buffer[]): { name: string; sha256: string; pcr: number }[] =>
  digests.map((digest) => ({ name: 'file', sha256: digest.toString('hex'), pcr: 9 }))

describe('what led to the value of a PCR', () => {
  it('is recomputed from the measurements, in their order', async () => {
    const value = sha256(sha256(zero, a), b).toString('hex')
    expect(await explainValue(measured(a, b), value)).toBe('alone')
    expect(await explainValue(measured(b, a), value)).toBeUndefined()
    expect(await explainValue(measured(a), value)).toBeUndefined()
  })

  it('may begin with the separator of the firmware', async () => {
    const value = sha256(sha256(zero, sha256(Buffer.alloc(4))), a).toString('hex')
    expect(await explainValue(measured(a), value)).toBe('after-separator')
  })

  it('is not explained by nothing', async () => {
    expect(await explainValue([], zero.toString('hex'))).toBeUndefined()
  })
})
