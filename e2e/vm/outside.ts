import { EventEmitter, once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { guestAddress } from '../../packages/image/build/uki.ts'
import { guestConfiguration, type Settings } from '../../services/machine/guest-configuration.ts'
import type { Packet } from './capture.ts'

/** This host, as QEMU's user network shows it to the guest. */
export const host = '10.0.2.2'

/** What {@link modelServer} says. */
export const answer: readonly string[] = ['The ', 'lighthouse ', 'answers.']

export interface ModelServer {
  readonly server: Server
  readonly port: number
  readonly asked: () => number
  /** Lets held answers and all later ones go on. */
  readonly release: () => void
}

/** A model server on this host that says the same to everybody. @param holds whether answers wait behind their first word for `release` */
export async function modelServer(holds = false): Promise<ModelServer> {
  let asked = 0
  const gate = new EventEmitter()
  let open = !holds
  const server = createServer((request, response) => {
    request.resume()
    asked++
    const say = (delta: object, finish: string | null): void => {
      const chunk = { object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] }
      response.write(`data: ${JSON.stringify(chunk)}\n\n`)
    }
    const speak = async (): Promise<void> => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const [index, content] of answer.entries()) {
        say({ content }, null)
        if (index === 0 && !open) await once(gate, 'open')
      }
      say({}, 'stop')
      response.end('data: [DONE]\n\n')
    }
    void speak()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const release = (): void => {
    open = true
    gate.emit('open')
  }
  return { server, port: (server.address() as AddressInfo).port, asked: () => asked, release }
}

/** A configuration of the profile `router`. */
export const router = (origin: string, machine: Settings[string], upstream: Settings[string]): string =>
  guestConfiguration([origin], { upstream, machine })

/** What the guest sent outside of connections that were opened from outside. */
export const unasked = (seen: readonly Packet[]): Packet[] =>
  seen.filter(({ source, protocol, sourcePort, opens }) => {
    return source === guestAddress && (protocol !== 'tcp' || sourcePort !== 8787 || opens)
  })

/**
 * Words for QEMU's user network that puts a port of this host behind its router: the network is wider than the guest's own, so the guest
 * has to send packets for `address` to the router, and QEMU takes them from there. @param address `A.B.C.D:PORT` in 10.0.0.0/16
 */
export function farAway(address: string, port: number): string {
  const relay = [process.execPath, fileURLToPath(new URL('relay.mjs', import.meta.url)), String(port)]
  // QEMU reads a single comma as the end of the command, and the quotes as a shell does.
  const command = relay.map((word) => `'${word.replaceAll(',', ',,')}'`).join(' ')
  return `net=10.0.0.0/16,guestfwd=tcp:${address}-cmd:${command}`
}
