import { describe, expect, it } from 'vitest'
import { parseModels } from '../../src/settings/models.ts'
import { DEFAULTS, parseSettings, readMaxTokens, readTemperature } from '../../src/settings/settings.ts'

describe('a number in the settings', () => {
  it('is read within its bounds, and nothing is the model’s own', () => {
    for (const [text, value] of [
      ['0', 0],
      ['0,7', 0.7],
      [' 2 ', 2],
      ['', undefined],
    ] as const)
      expect(readTemperature(text)).toEqual({ value })
    expect(readMaxTokens('512')).toEqual({ value: 512 })
  })

  it.each(['2.1', '-1', 'hot', '1e0', '0x1', 'NaN'])('is refused with what was expected: %s', (text) => {
    expect(readTemperature(text)).toEqual({
      value: undefined,
      problem: expect.stringContaining('a number from 0 to 2'),
    })
  })

  it.each(['0', '1.5', '1000001'])('is no number of tokens: %s', (text) => {
    expect(readMaxTokens(text)).toEqual({ value: undefined, problem: expect.stringContaining('a whole number from 1') })
  })
})

it('stored settings that are none are the defaults', () => {
  expect(parseSettings(null)).toEqual(DEFAULTS)
  expect(
    parseSettings({ instructions: 1, temperature: 99, maxTokens: 'a', model: {}, readsImages: 'yes', more: 1 }),
  ).toEqual(DEFAULTS)
  const own = { instructions: '', temperature: 0, maxTokens: 9, model: 'm', readsImages: true }
  expect(parseSettings(JSON.parse(JSON.stringify(own)))).toEqual(own)
})

describe('the models of a service', () => {
  it('say in several ways whether they read images, or do not say it', () => {
    expect(
      parseModels({
        data: [
          { id: 'a' },
          { id: 'b', architecture: { input_modalities: ['text', 'image'] } },
          { id: 'c', input_modalities: ['text'] },
          { id: 'd' },
        ],
        models: [{ name: 'd', capabilities: ['completion', 'multimodal'] }],
      }),
    ).toEqual([
      { id: 'a', readsImages: undefined },
      { id: 'b', readsImages: true },
      { id: 'c', readsImages: false },
      { id: 'd', readsImages: true },
    ])
  })

  it('are none where the answer is of another kind, and never endless', () => {
    for (const answer of [null, 'x', {}, { data: 'x' }, { data: [null, 1, { id: 2 }] }])
      expect(parseModels(answer)).toEqual([])
    expect(parseModels({ data: Array.from({ length: 900 }, (_, id) => ({ id: `m${id}` })) })).toHaveLength(500)
  })
})
