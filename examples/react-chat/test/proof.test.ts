import type { PassedVerdict } from '@blindllama/web-sdk'
import { describe, expect, it } from 'vitest'
import { warningsOf } from '../src/proof/banners.tsx'

const verdict = (simulated: boolean, upstream: string): PassedVerdict =>
  ({
    simulated,
    assurance: simulated ? 'simulated' : 'hardware-tpm',
    claims: { upstream },
    steps: [],
  }) as unknown as PassedVerdict

describe('what must not be overlooked', () => {
  it('is a simulated TPM, and a model outside the proof', () => {
    expect(warningsOf(verdict(false, 'in-image'))).toEqual([])
    expect(warningsOf(verdict(true, 'in-image'))).toEqual(['simulated'])
    expect(warningsOf(verdict(false, 'unattested'))).toEqual(['unattested'])
    expect(warningsOf(verdict(true, 'unattested'))).toEqual(['simulated', 'unattested'])
  })
})
