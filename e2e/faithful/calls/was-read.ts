import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Bounds a hang: a program that does not read at all. */
const limitMs = 20_000
const turns = 10
const turnMs = 10

/**
 * Waits until the program at the other end has taken from its socket all that was written, and has had a moment for it: a reset takes
 * with it what was not read. Both programs of one process get turns in between, however long one turn takes.
 */
export async function wasRead(socket: Socket): Promise<void> {
  const end = performance.now() + limitMs
  while (!socket.destroyed && performance.now() < end && (await unread(socket)) > 0) await sleep(turnMs)
  for (let turn = 0; turn < turns; turn += 1) await sleep(turnMs)
}

/**
 * Bytes in the other end's queue, proc_net_tcp(5): of each line the addresses with port, the state, and `tx_queue:rx_queue`, hexadecimal.
 */
async function unread({ localPort, remotePort }: Socket): Promise<number> {
  for (const line of (await readFile('/proc/net/tcp', 'latin1')).split('\n').slice(1)) {
    const [, local = '', remote = '', , queues = ''] = line.trim().split(/\s+/)
    if (portOf(local) === remotePort && portOf(remote) === localPort) return parseInt(queues.split(':')[1] ?? '', 16)
  }
  return 0
}

const portOf = (address: string): number => parseInt(address.split(':')[1] ?? '', 16)
