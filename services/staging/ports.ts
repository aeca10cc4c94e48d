import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

/** Above the ports that browsers refuse to open (Fetch §2.9, the last is 10080). */
const lowest = 10_240
const attempts = 1000

/** Finds a port of 127.0.0.1 that is free together with the one after it: tpm2-tss expects a TPM's control channel there. */
export async function freePortPair(): Promise<number> {
  return find(2)
}

/** Finds ports of 127.0.0.1 that are free, all different, for programs that cannot be told to take one themselves. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>()
  while (ports.size < count) ports.add(await find(1))
  return [...ports]
}

/**
 * Chooses at random below the ephemeral ports. The kernel gives those to every connection and to every server that asks for any port:
 * one of them could be taken between the search and its use, or while the program that owns it is started again.
 *
 * @returns the first of so many free ports in a row
 */
async function find(inRow: number): Promise<number> {
  const end = firstEphemeral()
  for (let attempt = 0; attempt < attempts; attempt++) {
    const first = randomInt(lowest, end - inRow + 1)
    const free = await Promise.all(Array.from({ length: inRow }, async (_, index) => isFree(first + index)))
    if (!free.includes(false)) return first
  }
  throw new Error(`no ${inRow} free ports in a row from ${lowest} to ${end - 1} in ${attempts} attempts`)
}

/** ip(7): `ip_local_port_range`, on Linux from 32768 on. RFC 6335 §6 has them from 49152 on. */
export function firstEphemeral(range: string = '/proc/sys/net/ipv4/ip_local_port_range'): number {
  let first = 49_152
  try {
    first = Number(readFileSync(range, 'utf8').split(/\s/)[0])
  } catch {
    // Not Linux.
  }
  // A machine that gives nearly all ports away leaves none that are safer than others.
  return first >= lowest + 1024 ? first : 49_152
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
