import type { PassedVerdict } from '@blindllama/web-sdk'
import type { HoldersWord } from '@blindllama/web-sdk/receipts'
import { describe, expect, it, test } from 'vitest'
import { sentencesOf } from '../src/verify/receipt-sentences.js'
import { currentStatus, receiptFile } from '../../../tools/vectors/receipt-file.ts'
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
    expect(out).toMatch(/^PROVEN, WITH LIMITS {2}/)
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

type Read = Parameters<typeof sentencesOf>[0]

const read = (holdersWord: HoldersWord[], model: object): Read => ({
  kind: 'receipt',
  result: 'pass',
  verifiedAtMs: 0,
  holdersWord,
  verdict: {} as PassedVerdict,
  ...model,
})

describe('what stays a claim under a policy of the caller', () => {
  const exchange = { requestDigest: '11', responseDigest: '22' }

  it('is which service it was, where only the file names an audience', () => {
    expect(sentencesOf(read(['time'], { exchange })).claimed.join()).not.toContain('Which service')
    expect(sentencesOf(read(['audience'], { exchange })).claimed.join()).toContain('Which service it was')
  })

  it('is the model, where it runs outside the proof', () => {
    expect(sentencesOf(read([], { exchange: { ...exchange, modelDigest: '3c3c' } })).proven.join()).toContain(
      'the model 3c3c',
    )
    const outside = sentencesOf(read([], { exchange, toldModelDigest: '3c3c' }))
    expect(outside.proven.join()).not.toContain('3c3c')
    expect(outside.claimed.join()).toContain('the model 3c3c')
  })

  it('is each word of the holder, in a sentence of its own', () => {
    const words: HoldersWord[] = ['time', 'asker', 'earlier-turns', 'conversation', 'audience']
    expect(new Set(sentencesOf(read(words, {})).claimed).size).toBe(5)
  })
})

describe('withdrawals after the time of a receipt', () => {
  const name = 'warn-receipt-withdrawn'
  const { documents, nowMs: statusAtMs } = currentStatus(name)
  const receipt = file('then.json', receiptFile(name))
  const rules = file('then.policy.json', vector(name).policy)
  const status = file('then.status.json', documents[0]?.envelope ?? '')

  it('leave a receipt that nobody looked up unchecked, with an exit code of its own', async () => {
    const { exitCode, out } = await blindllama('verify', receipt, '--policy', rules)
    expect(exitCode).toBe(5)
    expect(out).toMatch(/^UNCHECKED SINCE {2}/)
    expect(out).not.toMatch(/PROVEN/)
  })

  it('are told with the date of the status, and do not refuse the receipt', async () => {
    const run = ['verify', receipt, '--policy', rules, '--status', status, '--at', String(statusAtMs)]
    const { exitCode, out } = await blindllama(...run)
    expect(exitCode).toBe(5)
    expect(out).toMatch(/^WITHDRAWN SINCE {2}/)
    expect(out).toContain('The release was withdrawn later: a status of ')
    expect(JSON.parse((await blindllama(...run, '--json')).out)).toMatchObject({ result: 'withdrawn' })
  })

  it('are looked up at a time that --at may name, with a status alone', async () => {
    expect((await blindllama('verify', receipt, '--policy', rules, '--at', '1')).exitCode).toBe(2)
    expect((await blindllama('verify', receipt, '--status', status)).exitCode).toBe(2)
    const late = String(statusAtMs + 30 * 86_400_000)
    const stale = await blindllama('verify', receipt, '--policy', rules, '--status', status, '--at', late)
    expect(stale.exitCode).toBe(1)
    expect(stale.out).toContain('release.status_stale')
  })

  it('are believed where the log holds the status, if the policy has a log', async () => {
    const logged = currentStatus('ok-receipt-status-logged')
    const [path, policy] = [
      file('logged.json', receiptFile('ok-receipt-status-logged')),
      file('logged.policy.json', vector('ok-receipt-status-logged').policy),
    ]
    const [current, keySet] = logged.documents.map(({ envelope, proof }, index) => ({
      path: file(`logged.${index}.json`, envelope),
      proof: file(`logged.${index}.tlog-proof`, proof ?? ''),
    }))
    const given = ['--status', current?.path ?? '', '--key-set', keySet?.path ?? '', '--at', String(logged.nowMs)]
    const run = ['verify', path, '--policy', policy, ...given]
    const unproven = await blindllama(...run)
    expect(unproven.exitCode).toBe(1)
    expect(unproven.out).toContain('release.log_missing')
    expect(await blindllama(...run, '--proof', current?.proof ?? '', '--proof', keySet?.proof ?? '')).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/^PROVEN, WITH LIMITS/),
    })
    expect((await blindllama(...run, '--proof', current?.path ?? '')).exitCode).toBe(3)
  })
})

test('a receipt of another service than --audience names is refused', async () => {
  const [path, policy] = [
    file('audience.json', receiptFile('ok-receipt')),
    file('audience.policy.json', vector('ok-receipt').policy),
  ]
  const run = async (audience: string): Promise<number> =>
    (await blindllama('verify', path, '--policy', policy, '--audience', audience)).exitCode
  expect(await run('https://chat.example')).toBe(0)
  expect(await run('https://other.example')).toBe(1)
})
