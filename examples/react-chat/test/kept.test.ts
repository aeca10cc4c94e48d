import { describe, expect, it } from 'vitest'
import { statementOf } from '../src/proof/kept.ts'

type Kept = Parameters<typeof statementOf>[0]

function kept(signed: boolean, simulated: boolean): Kept {
  return { signed, verdict: { simulated } as Kept['verdict'] }
}

describe('what a kept proof is said to be', () => {
  it('is a receipt where the service signed, with what stays the word of its holder', () => {
    const said = statementOf(kept(true, false)).join(' ')
    expect(said).toMatch(/^A receipt\./)
    expect(said).toContain('your word')
    expect(said).not.toContain('simulated')
  })

  it('is a verification record where it did not, and never a receipt', () => {
    const said = statementOf(kept(false, false)).join(' ')
    expect(said).toMatch(/^A verification record\./)
    expect(said).not.toContain('receipt')
  })

  it.each([true, false])('always says that the TPM is simulated (signed: %s)', (signed) => {
    expect(statementOf(kept(signed, true)).join(' ')).toContain('The TPM is simulated')
  })
})
