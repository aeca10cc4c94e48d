import { parseArgs } from 'node:util'
import { defaultShape } from '../machine/qemu.ts'

export const usage = `Usage: npm start [-- options]

Starts a software TPM, a small language model, the gateway and the example chat on this machine.

  --port N          port of the page (4180)
  --origin ORIGIN   a page elsewhere that may call the gateway, such as a dev server: http://localhost:5173; any number of them
  --upstream URL    put the gateway before your own OpenAI-compatible server, e.g. http://127.0.0.1:8080;
                    the page then says that the model runs outside what is proven
  --page FOLDER     serve this built page instead of the example chat
  --vm              run gateway and model inside the measured image, in a virtual machine; builds the image where it has changed
  --memory N        with --vm: memory of the machine in MiB, 768 to 16384 (1024)
  --kvm             with --vm: demand KVM; without it KVM is used where a probe shows that it works, and the machine is emulated otherwise
  --help            this text
`

export interface StartOptions {
  readonly port: number
  readonly origins: readonly string[]
  readonly upstream: string | undefined
  readonly page: string | undefined
  /** Undefined: on this machine itself. Memory in MiB. */
  readonly vm: { readonly memory: number; readonly kvm: boolean } | undefined
}

/** Ports that browsers open for no page (Fetch §2.9). */
const blocked: ReadonlySet<number> = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
])

/**
 * Reads the command line of `npm start`; `undefined` asks for the usage.
 *
 * @throws {Error} with a sentence for a person
 */
export function readStartOptions(args: readonly string[]): StartOptions | undefined {
  const { values } = parse(args)
  if (values.help === true) return undefined
  const port = Number(values.port ?? '4180')
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`--port must be a number from 0 to 65535\n\n${usage}`)
  // 0 asks the system for a free one.
  if (port !== 0 && blocked.has(port))
    throw new Error(`--port ${port} is one that browsers open for no page. Choose another one, such as 4180`)
  if (values.upstream !== undefined && !/^http:\/\/[^/?#]+(\/[^?#]*)?$/.test(values.upstream))
    throw new Error('--upstream must be an address like http://127.0.0.1:8080')
  const origins = (values.origin ?? []).map(originOf)
  return { port, origins, upstream: values.upstream, page: values.page, vm: vmOf(values) }
}

function vmOf({ vm, memory, kvm, upstream }: Values): StartOptions['vm'] {
  if (vm !== true) {
    if ((memory ?? kvm) !== undefined) throw new Error('--memory and --kvm need --vm')
    return undefined
  }
  if (upstream !== undefined)
    throw new Error('--upstream and --vm exclude each other: the machine has no way out, and its model is inside')
  const size = Number(memory ?? String(defaultShape.memory))
  if (!Number.isInteger(size) || size < 768 || size > 16_384)
    throw new Error('--memory must be a number from 768 to 16384, in MiB')
  return { memory: size, kvm: kvm === true }
}

/** @throws {Error} for what no browser sends as an origin: the gateway would never find it equal */
function originOf(text: string): string {
  const origin = URL.canParse(text) ? new URL(text).origin : 'null'
  if (origin === text) return text
  const hint = origin === 'null' ? 'like http://localhost:5173' : `without a path: ${origin}`
  throw new Error(`--origin ${text} must be an origin ${hint}`)
}

type Values = {
  port?: string
  origin?: string[]
  upstream?: string
  page?: string
  vm?: boolean
  memory?: string
  kvm?: boolean
  help?: boolean
}

function parse(args: readonly string[]): { values: Values } {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        origin: { type: 'string', multiple: true },
        upstream: { type: 'string' },
        page: { type: 'string' },
        vm: { type: 'boolean' },
        memory: { type: 'string' },
        kvm: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    })
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, { cause: error })
  }
}
