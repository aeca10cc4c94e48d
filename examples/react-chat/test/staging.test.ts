import { describe, expect, it } from 'vitest'
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
