import { describe, expect, it } from 'vitest'
import { duration } from '../src/proof/countdown.tsx'
import { stepSummary } from '../src/proof/steps.tsx'
import { suiteTitle } from '../src/proof/words.ts'
import { parseStaging } from '../src/staging.ts'

const staging = {
  url: 'https://llm.example',
  policy: '{}',
  model: 'm',
  measured: [{ name: 'g', sha256: '00', pcr: 4 }],
}

describe('the description of the deployment', () => {
  it('gets a base URL that ends in a slash', () => {
    expect(parseStaging(staging).url).toBe('https://llm.example/')
    expect(parseStaging({ ...staging, url: 'https://llm.example/base/' }).url).toBe('https://llm.example/base/')
  })

  it('is refused where something is missing or of another kind', () => {
    for (const broken of [
      null,
      {},
      { ...staging, policy: {} },
      { ...staging, measured: [{ name: 'g' }] },
      { ...staging, model: 1 },
    ]) {
      expect(() => parseStaging(broken)).toThrow(TypeError)
    }
  })
})

describe('words for values', () => {
  it('names the suite, and shows the number of what it does not know', () => {
    expect(suiteTitle({ kemId: 0x20, kdfId: 1, aeadId: 1 })).toBe('X25519, HKDF-SHA256, AES-128-GCM')
    expect(suiteTitle({ kemId: 0x99, kdfId: 1, aeadId: 3 })).toBe('0x0099, HKDF-SHA256, ChaCha20-Poly1305')
  })

  it('counts time down in hours, minutes and seconds', () => {
    expect([59_001, 60_000, 3_599_000, 86_400_000].map(duration)).toEqual([
      '1 min 00 s',
      '1 min 00 s',
      '59 min 59 s',
      '24 h 0 min 00 s',
    ])
  })

  it('counts checks, failures first', () => {
    const steps = (['pass', 'pass', 'warn', 'fail', 'skipped'] as const).map(
      (status) => ({ id: 'policy', status, code: 'ok', detail: '' }) as const,
    )
    expect(stepSummary(steps)).toBe('1 failed, 2 passed, 1 warning, 1 not checked')
  })
})
