/** `npm start`: runs the whole service on this machine until Ctrl-C. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { defaultShape } from '../machine/qemu.ts'
import { startMachineService } from '../machine/service.ts'
import { startStaging, type Staging } from './staging.ts'

const usage = `Usage: npm start [-- options]

Starts a software TPM, a small language model, the gateway and the example chat on this machine.

  --port N          port of the page (4180)
  --upstream URL    put the gateway before your own OpenAI-compatible server, e.g. http://127.0.0.1:8080;
                    the page then says that the model runs outside what is proven
  --page FOLDER     serve this built page instead of the example chat
  --vm              run gateway and model inside the measured image, in a virtual machine; builds the image where it has changed
  --memory N        with --vm: memory of the machine in MiB, 768 to 16384 (1024)
  --kvm             with --vm: demand KVM; without it KVM is used where a probe shows that it works, and the machine is emulated otherwise
  --help            this text
`

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

interface Arguments {
  readonly port: number
  readonly upstream: string | undefined
  readonly page: string | undefined
  /** Undefined: on this machine itself. */
  readonly vm: { readonly memory: number; readonly kvm: boolean } | undefined
}

function readArguments(): Arguments {
  let values: {
    port?: string
    upstream?: string
    page?: string
    vm?: boolean
    memory?: string
    kvm?: boolean
    help?: boolean
  }
  try {
    values = parseArgs({
      options: {
        port: { type: 'string' },
        upstream: { type: 'string' },
        page: { type: 'string' },
        vm: { type: 'boolean' },
        memory: { type: 'string' },
        kvm: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values
  } catch (error) {
    fail(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  }
  if (values.help === true) {
    process.stdout.write(usage)
    process.exit(0)
  }
  const port = Number(values.port ?? '4180')
  if (!Number.isInteger(port) || port < 0 || port > 65535) fail(`--port must be a number from 0 to 65535\n\n${usage}`)
  if (values.upstream !== undefined && !/^http:\/\/[^/?#]+(\/[^?#]*)?$/.test(values.upstream)) {
    fail('--upstream must be an address like http://127.0.0.1:8080')
  }
  const memory = Number(values.memory ?? String(defaultShape.memory))
  if (!Number.isInteger(memory) || memory < 768 || memory > 16_384)
    fail('--memory must be a number from 768 to 16384, in MiB')
  if (values.vm !== true && (values.memory ?? values.kvm) !== undefined) fail('--memory and --kvm need --vm')
  if (values.vm === true && values.upstream !== undefined)
    fail('--upstream and --vm exclude each other: the machine has no way out, and its model is inside')
  const vm = values.vm === true ? { memory, kvm: values.kvm === true } : undefined
  return { port, upstream: values.upstream, page: values.page, vm }
}

/** What both kinds of start have. */
type Started = Pick<Staging, 'pageUrl' | 'url' | 'model' | 'folder' | 'failed' | 'stop'> & {
  /** Where the model runs, and what the proof is worth. */
  readonly where: string
  readonly proof: string
}

async function start(): Promise<Started> {
  const common = {
    port,
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
  }
}

function announce(staging: Started): void {
  process.stdout.write(`
  Open    ${staging.pageUrl}

  Model   ${staging.model} (${staging.where})
  Proof   ${staging.proof}
  Gateway ${staging.url}
  Logs    ${staging.folder}

  Ctrl-C ends everything.
`)
}

const { port, upstream, page, vm } = readArguments()
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
