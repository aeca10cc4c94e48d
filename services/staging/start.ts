/** `npm start`: runs the whole service on this machine until Ctrl-C. */
import { resolve } from 'node:path'
import { defaultShape } from '../machine/qemu.ts'
import { startMachineService } from '../machine/service.ts'
import { logOrigin } from './publisher.ts'
import { startStaging, type Staging } from './staging.ts'
import { readStartOptions, usage, type StartOptions } from './start-options.ts'

const started: number = performance.now()
const live: boolean = process.stdout.isTTY

/** On a terminal the line is overwritten; elsewhere only changes of what is done become a line. */
let shown = ''
function progress(message: string): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const what = message.replace(/ … \d+ %$/, '')
  if (live) process.stdout.write(`\r\u001B[K  ${seconds} s  ${message}`)
  else if (what !== shown) process.stdout.write(`  ${seconds} s  ${what}\n`)
  if (live && what === message) process.stdout.write('\n')
  shown = what
}

function fail(message: string): never {
  process.stderr.write(`${live ? '\n' : ''}${message}\n`)
  process.exit(1)
}

function readArguments(): StartOptions {
  let options: StartOptions | undefined
  try {
    options = readStartOptions(process.argv.slice(2))
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error))
  }
  if (options !== undefined) return options
  process.stdout.write(usage)
  process.exit(0)
}

/** What both kinds of start have. */
type Started = Pick<Staging, 'pageUrl' | 'url' | 'model' | 'folder' | 'failed' | 'stop'> & {
  /** Where the model runs, and what the proof is worth. */
  readonly where: string
  readonly proof: string
  /** Further lines, by their title. */
  readonly more?: Readonly<Record<string, string>>
}

async function start(): Promise<Started> {
  const common = {
    port,
    origins,
    onProgress: progress,
    signal: interrupted.signal,
    ...(page === undefined ? {} : { page: resolve(page) }),
  }
  if (vm === undefined) {
    const staging = await startStaging({
      ...common,
      measuresItself: true,
      ...(upstream === undefined ? {} : { upstream }),
    })
    const where = staging.upstream === 'in-image' ? 'measured with the gateway' : 'outside what is proven'
    return { ...staging, where, proof: 'simulated: a software TPM signs whatever this machine tells it' }
  }
  const service = await startMachineService({
    ...common,
    shape: { ...defaultShape, memory: vm.memory },
    ...(vm.kvm ? { accelerator: 'kvm' as const } : {}),
  })
  const how = service.accelerator === 'kvm' ? 'KVM' : 'emulated'
  return {
    ...service,
    where: `in the measured image, virtual machine (${how})`,
    proof: 'SIMULATED: the image is measured for real, but its TPM is software that this machine controls',
    more: {
      Release: `${service.release}, signed by a developer and an auditor with keys of this run`,
      Log: `${logOrigin}, below ${service.publisher.folder}`,
      Policy: service.policyFile,
    },
  }
}

function announce(staging: Started): void {
  process.stdout.write(`
  Open    ${staging.pageUrl}

  Model   ${staging.model} (${staging.where})
  Proof   ${staging.proof}
${Object.entries(staging.more ?? {})
  .map(([title, text]) => `  ${title.padEnd(7)} ${text}\n`)
  .join('')}  Gateway ${staging.url}
  Command node packages/cli/dist/blindllama.js policy init --url ${staging.url}
  Logs    ${staging.folder}

  Ctrl-C ends everything.
`)
}

const { port, origins, upstream, page, vm } = readArguments()
const interrupted = new AbortController()
const starting = start()

async function end(status: number): Promise<never> {
  if (interrupted.signal.aborted) process.exit(status)
  interrupted.abort(new Error('interrupted'))
  const staging = await starting.catch(() => undefined)
  await staging?.stop()
  process.exit(status)
}

const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const
for (const [signal, number] of Object.entries(signals)) process.on(signal, () => void end(128 + number))
// npm, killed hard, tells its child nothing: the child notices that somebody else has become its parent.
const parent = process.ppid
setInterval(() => process.ppid !== parent && void end(1), 1000).unref()

try {
  const staging = await starting
  announce(staging)
  const reason = await staging.failed
  if (!interrupted.signal.aborted) {
    process.stderr.write(`\n${reason}\n`)
    await end(1)
  }
} catch (error) {
  if (!interrupted.signal.aborted) fail(explain(error))
}

function explain(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return `Port ${port} is in use. Choose another one: npm start -- --port ${port + 1}`
  }
  return error instanceof Error ? error.message : String(error)
}
