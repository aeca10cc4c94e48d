/**
 * Measures the channel and the verifier against what cannot be beaten, in one run on this machine: in Node and in each browser.
 *
 *     pnpm bench [--json] [--engine=chromium|firefox|webkit ...]
 *
 * Prints quartiles and gates nothing: only ratios of one run compare, times of two machines do not.
 */
import { existsSync, readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import type { EngineName } from '../e2e/support/browser.ts'
import { type AnswerResult, benchAnswers } from './answers.js'
import { type BrowserResult, benchBrowser } from './browsers.js'
import { calibrate } from './calibrate.js'
import { type ChannelResult, benchChannel } from './channel.js'
import type { GatewayResult } from './gateway.js'
import type { Quartiles } from './statistics.js'
import type { Vector } from './verify.js'

interface NodeResult {
  version: string
  calibrationMs: number
  channel: ChannelResult
  answers: AnswerResult
}

const engines: readonly EngineName[] = ['chromium', 'firefox', 'webkit']
const { json, engine: chosen = engines } = parseArgs({
  options: { json: { type: 'boolean' }, engine: { type: 'string', multiple: true } },
}).values

function readVector(name: string): Vector {
  const file = new URL(`../spec/vectors/bundles/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as Vector
}

function figures({ q1, median, q3 }: Quartiles): string {
  return `${median.toFixed(3).padStart(9)}  [${q1.toFixed(3)} … ${q3.toFixed(3)}]`
}

function printChannel(channel: ChannelResult): void {
  for (const [name, { ours, bare, speed }] of Object.entries(channel)) {
    process.stdout.write(`  ${name}\n    ours ms ${figures(ours)}\n    bare ms ${figures(bare)}\n`)
    process.stdout.write(`    speed   ${figures(speed)}\n`)
  }
}

function printAnswers({ msPerMiB, usPerEvent }: AnswerResult): void {
  for (const [length, time] of Object.entries(msPerMiB))
    process.stdout.write(`  answer of ${length} MiB\n    ms/MiB  ${figures(time)}\n`)
  process.stdout.write(`  answer in events of 64 bytes\n    µs each ${figures(usPerEvent)}\n`)
}

function printBrowser({ uploads, verify }: BrowserResult): void {
  const { sealingMs, sealing, idle } = uploads
  process.stdout.write(`  upload of 64 MiB\n    sealed in ms           ${figures(sealingMs)}\n`)
  for (const [name, { longest, worst, p99 }] of Object.entries({ meanwhile: sealing, 'idle     ': idle })) {
    process.stdout.write(`    longest stall, ${name} ${figures(longest)} ms, of all ${worst.toFixed(1)} ms; `)
    process.stdout.write(`p99 of turns ${p99.toFixed(2)} ms\n`)
  }
  for (const [name, { what, load, first, cold, warm }] of Object.entries(verify)) {
    process.stdout.write(`  verify ${name}: ${what}\n    cold: load ms  ${figures(load)}\n`)
    process.stdout.write(`    cold: first ms ${figures(first)}\n    cold: both ms  ${figures(cold)}\n`)
    process.stdout.write(`    warm ms        ${figures(warm)}\n`)
  }
}

function printGateway({ setUp, tokens, addedPerStream }: GatewayResult): void {
  process.stdout.write('\nThrough the real gateway, against the same without it\n')
  printChannel({ 'short request, whole': setUp })
  for (const [name, { p50, p99 }] of Object.entries({ 'without  ': tokens.plain, 'through  ': tokens.ours }))
    process.stdout.write(`  delay of a token, ${name} p50 ${p50.toFixed(3)} ms, p99 ${p99.toFixed(3)} ms\n`)
  process.stdout.write(
    `  added              p50 ${tokens.addedP50.toFixed(3)} ms, p99 ${tokens.addedP99.toFixed(3)} ms\n`,
  )
  process.stdout.write(`  added, by stream   ${figures(addedPerStream)} ms\n`)
}

const node: NodeResult = {
  version: process.version,
  calibrationMs: calibrate(),
  channel: await benchChannel(),
  answers: await benchAnswers(),
}
const browsers: Partial<Record<EngineName, BrowserResult>> = {}
for (const engine of engines.filter((name) => chosen.includes(name)))
  browsers[engine] = await benchBrowser(engine, ['ok-ecc', 'ok-rsa', 'ok-large'].map(readVector))
// What runs through the real gateway needs it built, and the SDK too; the rest is measured without.
const gateway: GatewayResult | undefined = existsSync(new URL('../target/gateway/blindllama-gateway', import.meta.url))
  ? await (await import('./gateway.js')).benchGateway()
  : undefined

// Of the last minute: what else ran meanwhile widens the quartiles.
const load = loadavg()[0]

if (json === true) process.stdout.write(`${JSON.stringify({ load, node, ...browsers, gateway })}\n`)
else {
  process.stdout.write(`Node ${node.version}, calibration ${node.calibrationMs.toFixed(1)} ms\n`)
  printChannel(node.channel)
  printAnswers(node.answers)
  for (const browser of Object.values(browsers)) {
    process.stdout.write(`\n${browser.version}, calibration ${browser.calibrationMs.toFixed(1)} ms\n`)
    printChannel(browser.channel)
    printAnswers(browser.answers)
    printBrowser(browser)
  }
  if (gateway) printGateway(gateway)
  else process.stdout.write('\nThe gateway is not built: nothing was measured through it\n')
  process.stdout.write(`\nLoad average ${load?.toFixed(2)}\n`)
}
