import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'

/** Finds a port of 127.0.0.1 that is free together with the one after it: tpm2-tss expects a TPM's control channel there. */
export async function freePortPair(): Promise<number> {
  for (;;) {
    const first = await listen(0)
    const { port } = first.address() as AddressInfo
    try {
      const second = await listen(port + 1)
      await close(second)
      return port
    } catch {
      // The next one is taken: another pair.
    } finally {
      await close(first)
    }
  }
}

/** Finds ports of 127.0.0.1 that are free, all different, for programs that cannot be told to take one themselves. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, async () => listen(0)))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map(close))
  return ports
}

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function close(server: Server): Promise<void> {
  server.close()
  await once(server, 'close')
}
