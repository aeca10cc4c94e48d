import { describe, expect, it } from 'vitest'
import { checkOf, statementOf } from '../src/proof/kept.ts'

type Kept = Parameters<typeof statementOf>[0]

function kept(signed: boolean, simulated: boolean): Kept {
  return { signed, verdict: { simulated } as Kept['verdict'] }
}

describe('what a kept proof is said to be', () => {
  it('is a receipt where the service signed, with what stays the word of its holder', () => {
    const said = statementOf(kept(true, false)).join(' ')
    expect(said).toMatch(/^A receipt\./)
    expect(said).toContain('your claims')
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

describe('how a kept proof is checked by others', () => {
  it('is the command with a policy, never without: any forger writes the one in the file', () => {
    expect(checkOf(kept(true, false)).command).toBe(
      'blindllama verify blindllama-receipt.json --policy blindllama-policy.json',
    )
    expect(checkOf(kept(false, false)).command).toBe(
      'blindllama verify blindllama-verification-record.json --policy blindllama-policy.json',
    )
    for (const signed of [true, false])
      expect(statementOf(kept(signed, false)).join(' ')).not.toContain('blindllama verify')
  })

  it('says where the policy comes from, and what the one in the file is worth', () => {
    expect(checkOf(kept(true, false)).sentence).toContain('from a source that you trust')
    expect(checkOf(kept(true, false)).sentence).toContain('proves nothing')
  })

  it('allows a simulated TPM by name, and only there', () => {
    expect(checkOf(kept(true, true)).command).toMatch(/ --dangerously-allow-simulated$/)
    expect(checkOf(kept(true, false)).command).not.toContain('allow-simulated')
  })
})
