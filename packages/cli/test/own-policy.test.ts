import { describe, expect, it, test } from 'vitest'
import { sentencesOf } from '../src/verify/receipt-sentences.js'
import { receiptFile } from './support/receipt.js'
import { blindllama, file, runAs, vector } from './support/run.js'

/** What must not be read off a file that nothing but itself speaks for. */
const assuring = /proven|assurance|hardware|simulated|verified|✓|chat 2026|anchor/i

describe.each([
  ['receipt', 'ok-receipt'],
  ['record', 'ok-ecc'],
])('a %s without a policy of the caller', (kind, name) => {
  const path = file(`${name}.receipt.json`, receiptFile(name))

  it('is called consistent with its own policy, and the command ends with a code of its own', async () => {
    const { exitCode, out } = await blindllama('verify', path)
    expect(exitCode).toBe(4)
    expect(out).toMatch(/^CONSISTENT WITH ITS OWN POLICY {2}/)
    expect(out).toContain('blindllama verify FILE --policy FILE')
    expect(out).not.toMatch(assuring)
  })

  it('is not shown in green', async () => {
    const { out } = await runAs({ FORCE_COLOR: '1', NO_COLOR: '' }, 'verify', path)
    expect(out).toContain('\u001B[33m')
    expect(out).not.toContain('\u001B[32m')
  })

  it('gives a program no verdict and nothing that follows from one', async () => {
    const { exitCode, out } = await blindllama('verify', path, '--json')
    expect(exitCode).toBe(4)
    expect(JSON.parse(out)).toEqual({
      result: 'consistent',
      kind,
      policySha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      proven: [],
      claimed: [expect.stringContaining('Everything in this file')],
    })
  })

  it('is judged in full by a policy of the caller', async () => {
    const policy = file(`${name}.own.json`, vector(name).policy)
    const { exitCode, out } = await blindllama('verify', path, '--policy', policy)
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^PROVEN {2}/)
    expect(out).toContain('hardware-tpm')
  })

  it('is refused by a policy that pins another key, whatever the policy in the file says', async () => {
    const policy = vector(name).policy.replace(/"name":"000b[0-9a-f]{64}"/, `"name":"000b${'11'.repeat(32)}"`)
    const { exitCode, out } = await blindllama('verify', path, '--policy', file(`${name}.other.json`, policy), '--json')
    expect(exitCode).toBe(1)
    expect(JSON.parse(out)).toMatchObject({ result: 'fail', code: 'ak.untrusted', proven: [] })
  })
})

test('a receipt whose signature is that of another conversation is refused by its own policy already', async () => {
  const path = file('swapped.json', receiptFile('receipt-swapped'))
  const { exitCode, out } = await blindllama('verify', path)
  expect(exitCode).toBe(1)
  expect(out).toMatch(/^REFUSED {2}by the policy in the file itself: .*\(receipt\.signature\)\n/)
  expect(out).not.toMatch(assuring)
  expect(JSON.parse((await blindllama('verify', path, '--json')).out)).toMatchObject({ result: 'fail', proven: [] })
})

test('a simulated receipt without a policy of the caller is consistent at most, also where simulation is allowed', async () => {
  const path = file('simulated.json', receiptFile('ok-simulated'))
  const { exitCode, out } = await blindllama('verify', path, '--allow-simulated')
  expect(exitCode).toBe(4)
  expect(out).not.toMatch(assuring)
  expect((await blindllama('verify', path)).exitCode).toBe(4)
  const policy = file('simulated.policy.json', vector('ok-simulated').policy)
  const judged = await blindllama('verify', path, '--policy', policy, '--allow-simulated', '--json')
  expect(JSON.parse(judged.out)).toMatchObject({ result: 'pass', simulated: true, proven: [] })
})

const read = (upstream: 'in-image' | 'unattested'): Parameters<typeof sentencesOf>[0] => ({
  verifiedAtMs: 0,
  exchange: { requestDigest: '11', responseDigest: '22', modelDigest: '3c3c' },
  verdict: {
    claims: {
      audiences: [],
      instance: 'i0',
      epochId: '11',
      lifetimeMs: 1,
      serverTimeMs: 0,
      configDigest: '22',
      upstream,
      promptCache: 'none',
    },
  },
})

describe('what stays a claim under a policy of the caller', () => {
  const named = Buffer.from('{"audience":"https://chat.example"}')

  it('is which service it was, where only the file names an audience', () => {
    expect(sentencesOf(read('in-image'), named).claimed.join()).not.toContain('audience')
    expect(sentencesOf(read('in-image'), Buffer.from('{}')).claimed.join()).toContain('the policy names no audience')
  })

  it('is the model, where it runs outside the proof', () => {
    expect(sentencesOf(read('in-image'), named).proven.join()).toContain('the model 3c3c')
    const outside = sentencesOf(read('unattested'), named)
    expect(outside.proven.join()).not.toContain('3c3c')
    expect(outside.claimed.join()).toContain('the model 3c3c')
  })
})
