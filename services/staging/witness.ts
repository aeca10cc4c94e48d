import { Child } from './child.ts'

export interface WitnessInput {
  /** Program built from services/release-log. */
  readonly tool: string
  readonly name: string
  /** File with the key of the witness, PKCS#8. */
  readonly key: string
  /** File that it keeps what it has seen in. */
  readonly state: string
  readonly log: { readonly origin: string; readonly key: string }
  /** File for what it prints. */
  readonly output: string
  readonly signal: AbortSignal
}

/** A process that cosigns checkpoints of one log. */
export interface Witness {
  readonly child: Child
  /** Its key in the form of C2SP signed-note. */
  readonly vkey: string
  readonly address: string
}

/** Starts a witness on a free port of the loopback. */
export async function startWitness({ tool, name, key, state, log, output, signal }: WitnessInput): Promise<Witness> {
  const child = new Child({
    name: `the witness ${name}`,
    command: tool,
    args: ['witness', '--name', name, '--key', key, '--state', state, '--log-origin', log.origin, '--log-key', log.key],
    log: output,
    signal,
  })
  const address = await child.line((line) => /^http:\S+\/$/.exec(line)?.[0], 60_000)
  const vkey = await child.line((line) => (line.startsWith(`${name}+`) ? line : undefined), 60_000)
  return { child, vkey, address }
}
