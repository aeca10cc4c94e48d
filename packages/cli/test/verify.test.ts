import { execFile } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, inject, test } from 'vitest'
import { limitSentences } from '@blindllama/web-sdk/sentences'
import { remedies } from '../../web-sdk/src/generated/remedies.js'
import type { Judged } from '../src/verify/outcome.js'
import { argumentsOf, blindllama, file, inProcess, vector } from './support/run.js'

test('evidence that passes its policy is proven, step by step', async () => {
  const { exitCode, out } = await blindllama('verify', ...argumentsOf('ok-enrolment'))
  expect(exitCode).toBe(0)
  expect(out).toMatch(/^PROVEN {2}evidence, hardware-tpm/)
  expect(out).not.toContain('Limits')
  expect(out).toMatch(/✓ signature\n/)
  expect(out).toContain('Claimed, not proven')
})

test('a proof with limits says so first, and names each, by the rule of the panel', async () => {
  const args = argumentsOf('ok-ecc')
  const { out } = await blindllama('verify', ...args)
  expect(out).toMatch(/^PROVEN, WITH LIMITS {2}evidence, hardware-tpm/)
  expect(out).toContain(`\nLimits\n  ${limitSentences.unenrolled}\n`)
  const { answer, limits } = JSON.parse((await blindllama('verify', ...args, '--json')).out) as Judged
  expect([answer, limits]).toEqual(['limited', [limitSentences.unenrolled]])
})

test.each(['--dangerously-allow-simulated', '--allow-simulated'])(
  'a simulated TPM proves nothing under %s',
  async (option) => {
    const args = argumentsOf('ok-simulated')
    const { exitCode, out } = await blindllama('verify', ...args, option)
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^NOT PROVEN {2}evidence, simulated: /)
    const refused = await blindllama('verify', ...args)
    expect([refused.exitCode, refused.out]).toEqual([1, expect.stringContaining('(ak.simulated)')])
  },
)

test.each([
  [['verfy', 'x'], 'Did you mean verify?'],
  [['verify', 'x', '--polcy', 'y'], 'there is no option --polcy. Did you mean --policy?'],
  [['verify', 'x', '--allow-simulate'], 'Did you mean --allow-simulated?'],
  [['policy', 'chekc', 'x'], 'Did you mean check?'],
  [['release', 'sing', 'x'], "there is no release 'sing'. Did you mean sign?"],
  [['ca', 'isue'], 'Did you mean issue?'],
])('a slip in %j is answered with what was meant', async (args, sentence) => {
  const { exitCode, err } = await inProcess(...args)
  expect([exitCode, err]).toEqual([2, expect.stringContaining(sentence)])
})

test('a word that is near to nothing gets no suggestion', async () => {
  const { exitCode, err } = await inProcess('verify', 'x', '--temperature')
  expect([exitCode, err]).toEqual([2, expect.stringContaining('there is no option --temperature; --help lists them')])
})

test('refused evidence names the step, the reason and its code, and exits with 1', async () => {
  const { exitCode, out } = await blindllama('verify', ...argumentsOf('attest-tail'))
  expect(exitCode).toBe(1)
  expect(out).toMatch(/^NOT PROVEN {2}refused: /)
  expect(out).toMatch(/✗ attest .*\(attest\.syntax\)/)
  expect(out).not.toContain('Proven')
})

test('a refusal says what to do, and counts the steps that did not run in place of listing them', async () => {
  const args = argumentsOf('attest-tail')
  const { out } = await blindllama('verify', ...args)
  const { verdict, why } = JSON.parse((await blindllama('verify', ...args, '--json')).out) as Judged
  const left = verdict.steps.filter(({ code }) => code === 'verdict.not_reached').length
  expect(left).toBeGreaterThan(5)
  expect(out).toContain(`– ${left} later steps did not run (verdict.not_reached)\n`)
  expect(out.split('verdict.not_reached').length).toBe(2)
  expect(out).toContain(`refused: ${why} (attest.syntax)`)
  expect(why).toContain(remedies['attest.syntax'].replace(/\.$/, ''))
})

test('the address of a service without its scheme is told from a file', async () => {
  const [, ...rest] = argumentsOf('ok-ecc')
  const { exitCode, err } = await inProcess('verify', '127.0.0.1:8787', ...rest)
  expect([exitCode, err]).toEqual([2, expect.stringContaining('begins with http:// or https://')])
})

test('a program gets one line of JSON with the verdict', async () => {
  const { out } = await blindllama('verify', ...argumentsOf('attest-tail'), '--json')
  const outcome = JSON.parse(out) as Judged
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
  [['verify', '--what'], 'there is no option --what; --help lists them'],
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

test('a verifier or an inspector other than the one of the build does not run', async () => {
  const folder = mkdtempSync(join(dirname(inject('command')), 'altered-'))
  const altered = join(folder, 'blindllama.js')
  copyFileSync(inject('command'), altered)
  // A section of its own at the end: the module compiles and does the same, but is another.
  const inspector = readFileSync(join(dirname(inject('command')), 'blindllama_inspect_bg.wasm'))
  writeFileSync(join(folder, 'blindllama_inspect_bg.wasm'), Buffer.concat([inspector, Buffer.of(0, 2, 1, 0x61)]))
  const verifier = join(folder, 'node_modules/@blindllama/web-sdk')
  mkdirSync(verifier, { recursive: true })
  const sdk = dirname(fileURLToPath(import.meta.resolve('@blindllama/web-sdk')))
  cpSync(dirname(sdk), verifier, {
    recursive: true,
    filter: (path) => !/node_modules\/.*node_modules|\/(src|test)$/.test(path),
  })
  const module = join(verifier, 'dist/blindllama_verifier_bg.wasm')
  writeFileSync(module, Buffer.concat([readFileSync(module), Buffer.of(0, 2, 1, 0x61)]))
  const [bundle = '', ...rest] = argumentsOf('ok-ecc')
  for (const args of [
    ['inspect', bundle],
    ['verify', bundle, ...rest],
  ]) {
    const ran = await promisify(execFile)(process.execPath, [altered, ...args]).catch((error: unknown) => error)
    expect(ran, args[0]).toMatchObject({ code: 3, stderr: expect.stringContaining('wasm.integrity') })
  }
})
