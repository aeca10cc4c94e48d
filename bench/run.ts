/**
 * Measures the channel and the verifier against what cannot be beaten, in one run on this machine.
 *
 *     pnpm bench [--json]
 *
 * Prints quartiles and gates nothing: only ratios of one run compare, times of two machines do not.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { calibrate } from './calibrate.js'
import { type ChannelResult, benchChannel } from './channel.js'
import { type ChromiumResult, benchChromium } from './chromium.js'
import type { Quartiles } from './statistics.js'
import type { Vector } from './verify.js'

interface NodeResult {
  version: string
  calibrationMs: number
  channel: ChannelResult
}

const { json } = parseArgs({ options: { json: { type: 'boolean' } } }).values

function readVector(name: string): Vector {
  const file = new URL(`../packages/verifier-wasm/conformance/bundles/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as Vector
}

function figures({ q1, median, q3 }: Quartiles): string {
  return `${median.toFixed(3).padStart(9)}  [${q1.toFixed(3)} … ${q3.toFixed(3)}]`
}

function printChannel(channel: ChannelResult): void {
  for (const [name, { ours, bare, ratio }] of Object.entries(channel)) {
    process.stdout.write(`  ${name}\n    ours ms ${figures(ours)}\n    bare ms ${figures(bare)}\n`)
    process.stdout.write(`    ratio   ${figures(ratio)}\n`)
  }
}

function printChromium({ verify }: ChromiumResult): void {
  for (const [name, { load, first, warm }] of Object.entries(verify)) {
    process.stdout.write(`  verify ${name}\n    cold: load ms  ${figures(load)}\n`)
    process.stdout.write(`    cold: first ms ${figures(first)}\n    warm ms        ${figures(warm)}\n`)
  }
}

const node: NodeResult = {
  version: process.version,
  calibrationMs: calibrate(),
  channel: await benchChannel(),
}
const browser: ChromiumResult = await benchChromium(['ok-ecc', 'ok-rsa'].map(readVector))

if (json === true) process.stdout.write(`${JSON.stringify({ node, chromium: browser })}\n`)
else {
  process.stdout.write(`Node ${node.version}, calibration ${node.calibrationMs.toFixed(1)} ms\n`)
  printChannel(node.channel)
  process.stdout.write(`\nChromium ${browser.version}, calibration ${browser.calibrationMs.toFixed(1)} ms\n`)
  printChannel(browser.channel)
  printChromium(browser)
}
