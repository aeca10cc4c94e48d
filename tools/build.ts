/**
 * Builds what has changed since the last time: codes, WebAssembly, SDK, command, chat, model server, gateway.
 *
 *     pnpm build [--log FILE]
 *
 * FILE gets what the tools print; its end is shown where something fails.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { fingerprint } from './build/fingerprint.ts'
import { buildSteps, type BuildStep } from './build/steps.ts'
import { killRunning, runCommand } from './run/command.ts'
import { Line } from './run/line.ts'

const root: string = fileURLToPath(new URL('..', import.meta.url))
const stamps: string = join(root, 'node_modules/.build-stamps')
const { log } = parseArgs({ options: { log: { type: 'string' } } }).values

/** Where cargo writes is the caller's to choose; what it writes is then looked for there. */
function outputOf({ output }: BuildStep): string {
  const target = process.env['CARGO_TARGET_DIR']
  return target !== undefined && output.startsWith('target/') ? join(target, output.slice(7)) : join(root, output)
}

async function build(step: BuildStep): Promise<boolean> {
  const stamp = join(stamps, step.name.replaceAll(/[^a-z]/gi, '-'))
  const line = new Line(`  ${step.name}`)
  const now = fingerprint(root, step.inputs, step.command.join(' '))
  if (existsSync(outputOf(step)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === now) {
    line.settle('unchanged')
    return true
  }
  const { ok, output, reason } = await runCommand(step.command, { cwd: root, timeoutMs: step.timeoutMs })
  if (log !== undefined) appendFileSync(log, `\n$ ${step.command.join(' ')}\n${output}`)
  line.settle(ok ? 'done' : 'failed')
  if (!ok) {
    process.stderr.write(`${output.trimEnd().split('\n').slice(-25).join('\n')}\n\n${step.name}: ${reason}\n`)
    return false
  }
  mkdirSync(stamps, { recursive: true })
  writeFileSync(stamp, now)
  return true
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    killRunning()
    process.exit(130)
  })
}
for (const step of buildSteps) if (!(await build(step))) process.exit(1)
