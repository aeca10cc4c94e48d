import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { adapter } from '../run/adapter.ts'
import { bundleCases } from '../run/cases/bundles.ts'
import type { Verifier } from '../run/contract.ts'
import { secondVerifier } from '../run/second.ts'

const own: string = fileURLToPath(new URL('../adapter.ts', import.meta.url))
const started: Verifier[] = []

function start(command: string): Verifier {
  const verifier = adapter(command)
  started.push(verifier)
  return verifier
}

afterEach(() => {
  for (const verifier of started.splice(0)) verifier.close()
})

it('gives through lines of JSON the same answers, in the order of the questions', async () => {
  const verifier = start(`node --import tsx ${own}`)
  const questions = bundleCases()
    .filter((_, index) => index % 20 === 0)
    .map((subject) => subject.question)
  const answers = await Promise.all(questions.map(async (question) => verifier.answer(question)))
  const direct = await Promise.all(questions.map(async (question) => secondVerifier.answer(question)))
  expect(answers.map(({ code }) => code)).toEqual(direct.map(({ code }) => code))
  expect(new Set(answers.map(({ code }) => code)).size).toBeGreaterThan(5)
})

it.each([
  ['that ends', 'exit 3'],
  ['that is not there', './no-such-verifier 2>/dev/null'],
  ['that answers with something else', 'echo hello; cat > /dev/null'],
  ['that answers without a code', `echo '{"verdict":"reject"}'; cat > /dev/null`],
])('fails, and does not refuse, with a program %s', async (_, command) => {
  const verifier = start(command)
  await expect(verifier.answer({ ask: 'eventlog', log: '' })).rejects.toThrow()
})
