/**
 * `pnpm e2e:faults [--json] [--vm] [--streams 500] [--visitors 24] [--seed N]`: gateways, their TPMs, HAProxy and the model server are
 * killed (SIGKILL) at random moments while visitors ask, half of them with `resend: 'never'`. Each request must end with the whole answer
 * or a code, and each visitor must be answered afterwards. The seed, which is printed, repeats the order and the times of the faults.
 *
 * With `--vm` it is the virtual machine of the measured image that is killed, with everything in it, while few visitors ask its model: 6
 * streams, 3 visitors. It boots again with the same TPM, and is killed again once everybody had an answer. A start in which the machine
 * ends by itself is printed, and repeated once.
 */
import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { modelId } from '../services/staging/artifacts.ts'
import { streamed } from './failover/visitor.ts'
import { defectsOf, figuresOf } from './faults/judge.ts'
import { type MachineParts, startMachineParts } from './faults/machine.ts'
import { startParts } from './faults/parts.ts'
import { randomFrom } from './faults/random.ts'
import { breakWhileVisited, connectGuests } from './faults/visits.ts'
import { loadSdk } from './support/load-sdk.ts'
import { makeCertificate } from './support/proxies/certificate.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    vm: { type: 'boolean', default: false },
    streams: { type: 'string' },
    visitors: { type: 'string' },
    seed: { type: 'string' },
  },
})
const streams = positive('streams', values.streams ?? (values.vm ? '6' : '500'))
const number = positive('visitors', values.visitors ?? (values.vm ? '3' : '24'))
const seed = values.seed === undefined ? randomInt(2 ** 31) : positive('seed', values.seed)
/** Tokens of an answer: about a second, so that many faults meet an answer in progress. An emulated machine takes longer. */
const tokens = values.vm ? 8 : 24
/** For everything from the first question on. A machine that hangs ends no request by itself. */
const limitMs = 15 * 60_000

const started = performance.now()
const say = (message: string): void => {
  const seconds = (performance.now() - started) / 1000
  if (values.vm) process.stdout.write(`  ${seconds.toFixed(1).padStart(6)} s  ${message}\n`)
}

const folder = await mkdtemp(join(tmpdir(), 'blindllama-faults-'))
const abort = new AbortController()
process.stdout.write(`seed ${seed}\n`)
let defects: readonly string[]
let summary: object
try {
  const sdk = await loadSdk()
  const parts = values.vm ? await startMachineParts(folder, say) : await startProcesses()
  try {
    const guests = await connectGuests(sdk, parts, number, values.vm ? streamed(modelId) : undefined)
    const { breakables } = parts
    const random = randomFrom(seed)
    const all = { breakables, random, streams, tokens, inTurn: values.vm, onProgress: say }
    const { visits, faults } = await Promise.race([breakWhileVisited(guests, all), late()])
    const figures = figuresOf(visits, faults)
    defects = defectsOf(visits, figures, parts.runs?.())
    summary = { seed, ...figures }
  } finally {
    await parts.stop()
  }
} finally {
  abort.abort()
  await rm(folder, { recursive: true, force: true })
}

for (const defect of defects) process.stdout.write(`  ${defect}\n`)
process.stdout.write(`${JSON.stringify(summary, null, values.json ? 0 : 2)}\n`)
process.stdout.write(`${defects.length === 0 ? 1 : 0} passed, ${defects.length} failed\n`)
process.exitCode = defects.length === 0 ? 0 : 1

async function startProcesses(): Promise<MachineParts> {
  const { fleet, ...parts } = await startParts(folder, await makeCertificate(folder), abort.signal)
  return { policy: fleet.policy, ...parts }
}

async function late(): Promise<never> {
  await setTimeout(limitMs, undefined, { ref: false })
  throw new Error(`The requests did not end within ${limitMs / 60_000} minutes of the first.`)
}

function positive(name: string, text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new Error(`--${name}: a positive integer is expected, and not '${text}'`)
  return Number(text)
}
