import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import type { Policy, Verdict } from '@blindllama/web-sdk'
import { verifyInputOf } from '../../../tools/vectors/bundle.ts'
import { coverageOf } from '../src/policy/coverage.js'
import { loadVerifier } from '../src/verifier.js'
import { blindllama, file, inProcess, vector } from './support/run.js'

const bundles: URL = new URL('../../../spec/vectors/bundles/', import.meta.url)
const names: string[] = readdirSync(bundles).map((name) => name.replace(/\.json$/, ''))

const policyOf = (name: string): string => file(`${name}.checked.json`, vector(name).policy)

/** The policy of a vector, judged with the evidence of the vector. */
function verdictOf(name: string): Verdict {
  return loadVerifier().verify({ ...verifyInputOf(vector(name)), versions: [1], suites: [[0x20, 1, 1]] })
}

test('what the command calls open is what the verifier calls open, in every vector that comes so far', () => {
  const seen = { pass: 0, warn: 0, fail: 0 }
  for (const name of names) {
    const step = verdictOf(name).steps.find(({ id }) => id === 'pcr.coverage')
    if (step === undefined || step.status === 'skipped') continue
    seen[step.status] += 1
    const open = coverageOf(JSON.parse(vector(name).policy) as Policy).filter(({ covered }) => !covered)
    const told = step.status === 'pass' ? '' : open.map(({ pcr }) => `PCR ${pcr}`).join(' ')
    expect(step.detail, name).toBe(told)
    expect(open.length > 0, name).toBe(step.status !== 'pass')
  }
  expect(seen.pass).toBeGreaterThan(100)
  expect(seen.warn).toBeGreaterThan(20)
  expect(seen.fail).toBeGreaterThan(20)
})

describe('a policy that pins the image alone', () => {
  it('is refused, PCR by PCR, with what to do', async () => {
    const { exitCode, out } = await blindllama('policy', 'check', policyOf('coverage-image-alone'))
    expect(exitCode).toBe(1)
    expect(out).toMatch(/^REFUSED {2}PCR 0, 1, 2, 4, 7, 12, 13: open.*\(pcr\.coverage\)\n/)
    expect(out).toMatch(/✗ {2}4 {2}not quoted {2}boot manager.*\(needs golden\)\n/)
    expect(out).toMatch(/✓ 11 {2}golden/)
    expect(out).toContain('PCR 12: say golden or untouched of PCR 12')
  })

  it('is told with a warning where the policy allows it', async () => {
    const { exitCode, out } = await blindllama('policy', 'check', policyOf('warn-coverage-image-alone'))
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^PARTIAL {2}PCR 0, 1, 2, 4, 7, 12, 13/)
  })

  it('gives a program one line', async () => {
    const { exitCode, out } = await inProcess('policy', 'check', policyOf('coverage-image-alone'), '--json')
    expect(exitCode).toBe(1)
    expect(out.indexOf('\n')).toBe(out.length - 1)
    const checked = JSON.parse(out) as { pcrs: { pcr: number }[] }
    expect(checked).toMatchObject({ result: 'fail', code: 'pcr.coverage', open: [0, 1, 2, 4, 7, 12, 13] })
    expect(checked.pcrs.map(({ pcr }) => pcr)).toEqual([...Array(24).keys()])
    expect(checked.pcrs[0]).toMatchObject({ rule: null, needed: ['golden', 'events'], covered: false })
    expect(checked.pcrs[11]).toMatchObject({ rule: 'golden', covered: true })
  })
})

test('a policy that covers everything says so', async () => {
  const { exitCode, out } = await inProcess('policy', 'check', policyOf('ok-derived-quoted'))
  expect(exitCode).toBe(0)
  expect(out).toMatch(/^COVERED {2}/)
  expect(out).toMatch(/✓ 14 {2}config/)
  expect(out).toMatch(/✓ 15 {2}instance/)
  expect(out).not.toContain('To do')
})

test('the PCRs that the example of the gateway quotes suffice for a policy', () => {
  const example = readFileSync(new URL('../../gateway/gateway.example.toml', import.meta.url), 'utf8')
  const quoted = JSON.parse(/^pcrs = (\[.*\])$/m.exec(example)?.[1] ?? '[]') as number[]
  const special: Readonly<Record<number, string>> = { 12: 'untouched', 13: 'untouched', 14: 'config' }
  const rules = Object.fromEntries(quoted.map((pcr) => [pcr, special[pcr] ?? 'golden']))
  const open = coverageOf({ pcrs: { bank: 'sha256', rules } } as unknown as Policy).filter(({ covered }) => !covered)
  expect(open.map(({ pcr }) => pcr)).toEqual([])
})

test('GRUB is told what is left, and that a UKI is the other way', async () => {
  const { exitCode, out } = await inProcess('policy', 'check', policyOf('coverage-commands-alone'))
  expect(exitCode).toBe(1)
  expect(out).toContain('PCR 9: say golden of PCR 9')
  expect(out).toContain('where the image is a UKI, say golden of PCR 11')
})

test('a policy that the verifier refuses is refused with its code', async () => {
  const { exitCode, out } = await inProcess('policy', 'check', policyOf('policy-invalid-config-15'), '--json')
  expect(exitCode).toBe(1)
  expect(JSON.parse(out)).toMatchObject({ result: 'error', code: 'policy.invalid' })
  const { exitCode: other, err } = await inProcess('policy', 'check', policyOf('policy-syntax-unknown-key'))
  expect(other).toBe(1)
  expect(err).toContain('(policy.syntax)')
})

test.each([
  [['policy'], 2],
  [['policy', 'show', 'x'], 2],
  [['policy', 'check'], 2],
  [['policy', 'check', 'a', 'b'], 2],
  [['policy', 'check', '/nowhere'], 3],
  [['policy', '--help'], 0],
])('the command line %j ends with %d', async (args, exitCode) => {
  expect((await inProcess(...args)).exitCode).toBe(exitCode)
})
