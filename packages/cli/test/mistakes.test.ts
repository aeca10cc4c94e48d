import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { mistakesOf } from '../src/policy/mistakes.js'
import { faultOf } from '../src/policy/read.js'
import { file, inProcess, vector } from './support/run.js'

const bundles: URL = new URL('../../../spec/vectors/bundles/', import.meta.url)
const names: string[] = readdirSync(bundles).map((name) => name.replace(/\.json$/, ''))
const bytes = (policy: unknown): Buffer => Buffer.from(typeof policy === 'string' ? policy : JSON.stringify(policy))

type Edit = (policy: Record<string, any>) => void
function edited(...edits: Edit[]): Record<string, any> {
  const policy = JSON.parse(vector('ok-ecc').policy) as Record<string, any>
  for (const edit of edits) edit(policy)
  return policy
}

test('every vector of a policy that the verifier refuses has a mistake with its code, and no other vector has one', () => {
  const refused = names.filter((name) => vector(name).code.startsWith('policy.') && faultOf(bytes(vector(name).policy)))
  expect(refused.length).toBeGreaterThan(80)
  for (const name of refused) {
    const [first, ...others] = mistakesOf(bytes(vector(name).policy))
    expect(first?.code, name).toBe(vector(name).code)
    // Vectors of an order have two mistakes, the others one.
    if (!name.startsWith('order-')) expect(others, name).toEqual([])
  }
  for (const name of ['ok-ecc', 'ok-policy-schema', 'ok-derived-quoted', 'ok-bank-sha384'])
    expect(mistakesOf(bytes(vector(name).policy)), name).toEqual([])
})

/** Alone and together, each with a word of its reason. */
const faults: readonly (readonly [place: string, why: string, edit: Edit])[] = [
  ['maxAge', 'is no member of a policy; the schema lists them. Did you mean maxAgeMs?', (it) => (it['maxAge'] = 1)],
  ['version', 'expected is the number 1', (it) => (it['version'] = '1')],
  ['audience', 'a text of 1 to 255 bytes', (it) => (it['audience'] = '')],
  ['anchors[0].kind', 'ak-name, simulated, azure', (it) => (it['anchors'][0].kind = 'aws')],
  ['acceptUpstream[0]', 'in-image, attested or unattested', (it) => (it['acceptUpstream'] = ['any'])],
  [
    'releases[0].pcrs.4',
    'an all-zero value cannot be a reference value',
    (it) => (it['releases'][0].pcrs['4'] = '00'.repeat(32)),
  ],
  ['releases[0].pcrs.0', 'hexadecimal is lower-case', (it) => (it['releases'][0].pcrs['0'] = 'AB'.repeat(32))],
  ['pcrs.rules.23', 'takes unchecked only', (it) => (it['pcrs'].rules['23'] = 'untouched')],
  ['pcrs.rules.24', 'is no PCR', (it) => (it['pcrs'].rules['24'] = 'golden')],
  ['maxAgeMs', 'from 1000 to 86400000', (it) => (it['maxAgeMs'] = 5)],
  ['suites[0]', 'a list of suites', (it) => (it['suites'] = ['aes'])],
]

describe('a mistake is named with its reason', () => {
  test.each(faults)('%s %s', (place, why, edit) => {
    const mistakes = mistakesOf(bytes(edited(edit)))
    expect(mistakes.map((each) => each.place)).toEqual([place])
    expect(mistakes[0]?.why).toContain(why)
  })

  test.each<[string, string, Edit]>([
    ['anchors[0].nmae', 'Did you mean name?', (it) => (it['anchors'][0].nmae = 'x')],
    ['pcrs.bnak', 'Did you mean bank?', (it) => (it['pcrs'].bnak = 'sha256')],
    ['temperature', 'the schema lists them', (it) => (it['temperature'] = 1)],
    ['pcrs.rules', 'one rule must be golden', (it) => (it['pcrs'].rules = { '12': 'untouched' })],
    ['releases[0].pcrs', 'it lacks PCR 4', (it) => delete it['releases'][0].pcrs['4']],
    ['releases[0].pcrs', 'PCR 9 has no golden rule', (it) => (it['releases'][0].pcrs['9'] = '11'.repeat(32))],
    ['releases', 'golden rules compare with a release', (it) => delete it['releases']],
    ['anchors', 'is required and missing', (it) => delete it['anchors']],
    ['releases', 'two releases have the same name', (it) => it['releases'].push(it['releases'][0])],
  ])('%s %s', (place, why, edit) => {
    const mistakes = mistakesOf(bytes(edited(edit)))
    expect(mistakes[0]?.place).toBe(place)
    expect(mistakes[0]?.why).toContain(why)
  })
})

test('all mistakes are named at once, and none that follows from another', () => {
  const mistakes = mistakesOf(bytes(edited(...faults.map(([, , edit]) => edit))))
  expect(mistakes.map(({ place }) => place).toSorted()).toEqual(faults.map(([place]) => place).toSorted())
})

test.each([
  ['a comment', '{\n  // no\n  "version": 1 }', 'line 2, column 3'],
  ['no object', '[]', 'is not the strict JSON'],
  ['nothing', '', 'line 1, column 1'],
])('%s is told by line and column', (_, text, where) => {
  const [mistake] = mistakesOf(bytes(text))
  expect(mistake?.code).toBe('policy.syntax')
  if (text !== '[]') expect(mistake?.why).toContain(where)
})

test('the command tells them to people and to programs', async () => {
  const policy = file('mistakes.json', bytes(edited(...faults.slice(0, 3).map(([, , edit]) => edit))))
  const { exitCode, err } = await inProcess('policy', 'check', policy)
  expect(exitCode).toBe(1)
  expect(err).toMatch(/^REFUSED {2}\S+: 3 mistakes; no verifier reads this policy\n/)
  expect(err).toContain('✗ version: is "1"; expected is the number 1 (policy.syntax)\n')
  const { out } = await inProcess('policy', 'check', policy, '--json')
  expect(JSON.parse(out)).toMatchObject({ result: 'error', code: 'policy.syntax', mistakes: [{}, {}, {}] })
})
