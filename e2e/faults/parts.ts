import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child } from '../../services/staging/child.ts'
import { freePorts } from '../../services/staging/ports.ts'
import { startFleet, type Fleet, type Member } from '../failover/fleet.ts'
import type { Certificate } from '../support/proxies/certificate.ts'
import { haproxy } from '../support/proxies/haproxy.ts'
import { requireProgram, type ListeningPorts, type ProxyTarget } from '../support/proxies/stock-proxy.ts'
import type { Breakable, Breakables, Kind } from './faults.ts'

const modelProcess: string = fileURLToPath(new URL('model-process.ts', import.meta.url))

/** A process that is started again under the same address. */
class Part {
  readonly #begin: () => Promise<Child>
  #child: Child | undefined

  constructor(begin: () => Promise<Child>) {
    this.#begin = begin
  }

  async start(): Promise<void> {
    this.#child = await this.#begin()
  }

  async kill(): Promise<void> {
    await this.#child?.kill()
  }
}

/** Three gateways with a TPM each, stock HAProxy before them and one model server behind them: each a process that can be killed. */
export interface Parts {
  readonly fleet: Fleet
  /** Base URL at the proxy. */
  readonly url: string
  readonly breakables: Breakables
  /** How often the model server ran each request, by its id, over all of its processes. */
  readonly runs: () => ReadonlyMap<string, number>
  readonly stop: () => Promise<void>
}

/** @param folder a private one */
export async function startParts(folder: string, certificate: Certificate, signal: AbortSignal): Promise<Parts> {
  await requireProgram(haproxy.program)
  const [modelPort = 0, clearPort = 0, tlsPort = 0] = await freePorts(3)
  const file = join(folder, 'runs')
  writeFileSync(file, '')
  const model = new Part(async () => startModel(modelPort, file, folder, signal))
  await model.start()
  const fleet = await startFleet(`http://127.0.0.1:${modelPort}`, folder, signal)
  const [first, second, third] = fleet.members
  const target = { instance: first.instance, gateway: first.address, other: second.address, third: third.address }
  const proxy = new Part(async () => startProxy(folder, { clearPort, tlsPort }, target, certificate, signal))
  const stop = async (): Promise<void> => {
    await proxy.kill()
    await fleet.stop()
    await model.kill()
  }
  try {
    await proxy.start()
  } catch (error) {
    await stop()
    throw error
  }
  const member = (random: () => number): Member => fleet.members[Math.floor(random() * fleet.members.length)] as Member
  const breakables: Breakables = new Map<Kind, (random: () => number) => Breakable>([
    ['gateway', (random) => breakable(member(random))],
    ['model server', () => breakable(model)],
    ['proxy', () => breakable(proxy)],
    [
      'TPM',
      (random) => {
        const one = member(random)
        // Its gateway refuses evidence, and nothing but a start of the machine brings it back (PROTOCOL.md §24).
        return { kill: async () => one.killTpm(), start: async () => one.reboot() }
      },
    ],
  ])
  return { fleet, breakables, url: `http://127.0.0.1:${clearPort}/`, runs: () => countedIn(file), stop }
}

const breakable = (part: { kill(): Promise<void>; start(): Promise<void> }): Breakable => ({
  kill: async () => part.kill(),
  start: async () => part.start(),
})

async function startModel(port: number, file: string, folder: string, signal: AbortSignal): Promise<Child> {
  const args = ['--import', import.meta.resolve('tsx'), modelProcess, `${port}`, file]
  const log = join(folder, 'model.log')
  const child = new Child({ name: 'the model server', command: process.execPath, args, log, signal })
  await child.line((line) => (line === 'listening' ? true : undefined), 60_000)
  return child
}

async function startProxy(
  folder: string,
  listening: ListeningPorts,
  target: ProxyTarget,
  certificate: Certificate,
  signal: AbortSignal,
): Promise<Child> {
  const args = await haproxy.configure(folder, listening, target, certificate)
  const log = join(folder, 'proxy.log')
  const child = new Child({ name: haproxy.name, command: haproxy.program, args, log, signal })
  const health = `http://127.0.0.1:${listening.clearPort}/blindllama/v1/health`
  await child.until(async () => (await fetch(health)).status > 0, 60_000)
  return child
}

function countedIn(file: string): ReadonlyMap<string, number> {
  const runs = new Map<string, number>()
  for (const id of readFileSync(file, 'utf8').split('\n').filter(Boolean)) runs.set(id, (runs.get(id) ?? 0) + 1)
  return runs
}
