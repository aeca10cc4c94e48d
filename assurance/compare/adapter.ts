/**
 * The second verifier as an adapter: a question a line in, an answer a line out (README.md). A template for others.
 *
 *     pnpm conformance --adapter 'node --import tsx assurance/compare/adapter.ts'
 */
import { createInterface } from 'node:readline'
import type { Question } from './run/contract.ts'
import { secondVerifier } from './run/second.ts'

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await secondVerifier.answer(JSON.parse(line) as Question)
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
