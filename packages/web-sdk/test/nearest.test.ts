import { describe, expect, test } from 'vitest'
import { didYouMean, nearest, policyMembers } from '../src/sentences.js'

describe('the name that was meant', () => {
  test.each([
    ['polcy', ['url', 'policy', 'relay'], 'policy'],
    ['URL', ['url', 'policy'], 'url'],
    ['relya', ['url', 'policy', 'relay'], 'relay'],
    ['data-upgrde', ['data-upgrade', 'data-url'], 'data-upgrade'],
    ['data-policy-key', ['data-policy', 'data-policy-integrity', 'data-policy-keys'], 'data-policy-keys'],
    ['allowSimulated', ['dangerouslyAllowSimulated', 'wasm'], 'dangerouslyAllowSimulated'],
    ['allow-simulated', ['dangerously-allow-simulated'], 'dangerously-allow-simulated'],
    ['onevents', ['onEvent', 'signal'], 'onEvent'],
    ['audiences', policyMembers, 'audience'],
    ['confgDigests', policyMembers, 'configDigests'],
  ])('%s is that of %j', (word, names, name) => {
    expect(nearest(word, names)).toBe(name)
    expect(didYouMean(word, names, (found) => `--${found}`)).toBe(`. Did you mean --${name}?`)
  })

  test.each([
    ['x', ['url', 'policy']],
    ['', ['url']],
    ['---', ['url']],
    ['temperature', ['url', 'policy', 'relay', 'wasm']],
    ['p'.repeat(65), ['p'.repeat(64)]],
    ['url', []],
  ])('%s is none of %j', (word, names) => {
    expect(nearest(word, names)).toBeUndefined()
    expect(didYouMean(word, names)).toBe('')
  })
})
