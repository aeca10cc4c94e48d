/**
 * `pnpm e2e:faults [--json] [--vm] [--streams 500] [--visitors 24] [--seed N]`: gateways, their TPMs, HAProxy and the model server are
 * killed (SIGKILL) at random moments while visitors ask, half of them with `resend: 'never'`. Each request must end with the whole answer
 * or a code, and each visitor must be answered afterwards. The seed, which is printed, repeats the order and the times of the faults.
 *
 * With `--vm` it is the virtual machine of the measured image that is killed, with everything in it, while few visitors ask its model: 6
 * streams, 3 visitors. It boots again with the same TPM, and is killed again once everybody had an answer.
 */
import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { modelId } from '../services/staging/artifacts.ts'
import { streamed, Visitor } from './failover/visitor.ts'
import { askAfterwards } from './faults/afterwards.ts'
import { breakThings, type Fault } from './faults/faults.ts'
import { defectsOf, figuresOf, type Visit, withinMs } from './faults/judge.ts'
import { type MachineParts, startMachineParts } from './faults/machine.ts'
import { startParts } from './faults/parts.ts'
import { randomFrom } from './faults/random.ts'
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
const size = positive('visitors', values.visitors ?? (values.vm ? '3' : '24'))
const seed = values.seed === undefined ? randomInt(2 ** 31) : positive('seed', values.seed)
/** Tokens of an answer: about a second, so that many faults meet an answer in progress. An emulated machine takes longer. */
const tokens = values.vm ? 8 : 24

const folder = await mkdtemp(join(tmpdir(), 'blindllama-faults-'))
const abort = new AbortController()
process.stdout.write(`seed ${seed}\n`)
let defects: readonly string[]
let summary: object
try {
  const sdk = await loadSdk()
  const parts = values.vm ? await startMachineParts(folder) : await startProcesses()
  try {
    const visitors = await Promise.all(
      Array.from({ length: size }, async (_, index) => {
        const resend: Visit['resend'] = index % 2 === 0 ? 'default' : 'never'
        const options = { policy: parts.policy, ...(resend === 'never' && { resend }) }
        const dialect = values.vm ? streamed(modelId) : undefined
        return { resend, visitor: await Visitor.connect(sdk, parts.url, `visitor${index}`, options, dialect) }
      }),
    )
    const leave = new AbortController()
    const visiting = Promise.all(visitors.map(async ({ visitor }) => visitor.visit(leave.signal, tokens)))
    const count = (): number => visitors.reduce((sum, { visitor }) => sum + visitor.ended.length, 0)
    // A machine that is killed again while it boots answers nobody: each visitor gets an answer in between.
    const answered = (since: number): boolean =>
      visitors.every(({ visitor }) => visitor.ended.some(({ code, beganAt }) => code === undefined && beganAt > since))
    const settled = async ({ kind, backAt, killedAt }: Fault): Promise<void> => {
      const end = backAt + withinMs(kind)
      while (values.vm && !answered(killedAt) && performance.now() < end) await setTimeout(100)
    }
    await setTimeout(1000)
    const faults = await breakThings(
      parts.breakables,
      randomFrom(seed),
      (met) => met >= 2 && count() >= streams,
      settled,
    )
    leave.abort()
    await visiting
    const visits = await Promise.all(
      visitors.map(async ({ resend, visitor }): Promise<Visit> => {
        const last = await askAfterwards(resend, async () => visitor.ask(tokens))
        visitor.close()
        return { resend, ended: visitor.ended, last }
      }),
    )
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

function positive(name: string, text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new Error(`--${name}: a positive integer is expected, and not '${text}'`)
  return Number(text)
}
