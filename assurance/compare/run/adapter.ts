import { spawn } from 'node:child_process'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import '../../../tools/environment.ts'
import type { Answer, Verifier } from './contract.ts'

/**
 * Another verifier: a program that reads a question a line and writes its answer as a line, in the same order (README.md).
 * What is no answer ends the run: a verifier that fails is not one that refuses.
 */
export function adapter(command: string): Verifier {
  const child = spawn(command, { stdio: ['pipe', 'pipe', 'inherit'], shell: true })
  const waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void }[] = []
  const fail = (why: string): void => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`${command}: ${why}`))
  }
  let ended = false
  child.once('error', ({ message }) => fail(message))
  child.once('close', (status) => {
    ended = true
    fail(`ended with status ${status} before it had answered`)
  })
  child.stdin.on('error', ({ message }) => fail(message))
  createInterface({ input: child.stdout }).on('line', (line) => {
    const next = waiting.shift()
    try {
      next?.resolve(readAnswer(line))
    } catch (error) {
      next?.reject(new Error(`${command}: ${line.slice(0, 200)} is no answer`, { cause: error }))
    }
  })
  return {
    name: basename(command.split(' ')[0] ?? command),
    async answer(question) {
      if (ended) throw new Error(`${command}: has ended`)
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject })
        child.stdin.write(`${JSON.stringify(question)}\n`)
      })
    },
    close: () => child.stdin.end(),
  }
}

function readAnswer(line: string): Answer {
  const answer = JSON.parse(line) as Answer
  if (typeof answer.code !== 'string' || answer.code === '') throw new TypeError('an answer without a code')
  return answer
}
