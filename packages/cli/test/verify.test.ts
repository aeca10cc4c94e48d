import { expect, test } from 'vitest'
import type { Outcome } from '../src/verify/outcome.js'
import { argumentsOf, blindllama, file, vector } from './support/run.js'

test('evidence that passes its policy is proven, step by step', async () => {
  const { exitCode, out } = await blindllama('verify', ...argumentsOf('ok-ecc'))
  expect(exitCode).toBe(0)
  expect(out).toContain('PROVEN  evidence, hardware-tpm')
  expect(out).toMatch(/✓ signature\n/)
  expect(out).toContain('Only said')
})

test('refused evidence names the step, the reason and its code, and exits with 1', async () => {
  const { exitCode, out } = await blindllama('verify', ...argumentsOf('attest-tail'))
  expect(exitCode).toBe(1)
  expect(out).toContain('REFUSED')
  expect(out).toMatch(/✗ attest .*\(attest\.syntax\)/)
  expect(out).not.toContain('Proven')
})

test('a program gets one line of JSON with the verdict', async () => {
  const { out } = await blindllama('verify', ...argumentsOf('attest-tail'), '--json')
  const outcome = JSON.parse(out) as Outcome
  expect(outcome).toMatchObject({ result: 'fail', kind: 'evidence', code: 'attest.syntax', proven: [] })
  expect(outcome.verdict.steps.length).toBeGreaterThan(20)
  expect(out.indexOf('\n')).toBe(out.length - 1)
})

test('a nonce that was not the one sent is refused', async () => {
  const args = argumentsOf('ok-ecc')
  args[args.indexOf('--nonce') + 1] = '11'.repeat(32)
  const { exitCode, out } = await blindllama('verify', ...args, '--json')
  expect(exitCode).toBe(1)
  expect(JSON.parse(out)).toMatchObject({ code: 'binding.extra_data' })
})

test('the static part may come in a file of its own', async () => {
  const held = vector('ok-held-static')
  const part = file('static.cbor', Buffer.from(held.static ?? '', 'hex'))
  const without = await blindllama('verify', ...argumentsOf('ok-held-static'), '--json')
  expect(JSON.parse(without.out)).toMatchObject({ code: 'bundle.static_missing' })
  expect((await blindllama('verify', ...argumentsOf('ok-held-static'), '--static', part)).exitCode).toBe(0)
})

test.each([
  [['verify'], 'one FILE or URL'],
  [['verify', 'a', 'b'], 'one FILE or URL'],
  [['verify', 'https://chat.example/', '--nonce', '00'], '--nonce means nothing for a service'],
  [['verify', 'https://chat.example/'], '--policy FILE'],
  [['verify', ...argumentsOf('ok-ecc'), '--at', 'yesterday'], 'no time'],
  [['verify', ...argumentsOf('ok-ecc'), '--nonce', 'zz'], '32 bytes in hex'],
  [['verify', '--what'], "Unknown option '--what'"],
  [['frobnicate'], "no command 'frobnicate'"],
])('wrong use exits with 2 and says what is right: %j', async (args, sentence) => {
  const { exitCode, out, err } = await blindllama(...args)
  expect(exitCode).toBe(2)
  expect(err).toContain(sentence)
  expect(out).toBe('')
})

test('a file that is not there, and a service that does not answer, leave it undecided', async () => {
  expect(await blindllama('verify', 'nowhere.cbor')).toMatchObject({ exitCode: 3 })
  const policy = file('policy.json', vector('ok-ecc').policy)
  const { exitCode, out } = await blindllama('verify', 'http://127.0.0.1:9/', '--policy', policy, '--json')
  expect(exitCode).toBe(3)
  expect(JSON.parse(out)).toMatchObject({ result: 'error', code: 'evidence.unreachable' })
})

test('what a file says cannot write over the terminal', async () => {
  const args = argumentsOf('ok-ecc')
  const { err } = await blindllama('verify', `\u001B[2J${args[0]}`)
  expect(err).not.toContain('\u001B')
})
