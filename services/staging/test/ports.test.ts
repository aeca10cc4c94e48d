import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { firstEphemeral, freePortPair, freePorts } from '../ports.ts'

test('ports are different, free, and none that the kernel gives to others', async () => {
  const ports = await freePorts(20)
  expect(new Set(ports).size).toBe(20)
  expect(Math.max(...ports, await freePortPair())).toBeLessThan(firstEphemeral())
  const servers = ports.map((port) => createServer().listen(port, '127.0.0.1'))
  await Promise.all(servers.map(async (server) => once(server, 'listening')))
  expect(servers.map((server) => (server.address() as AddressInfo).port)).toEqual(ports)
  for (const server of servers) server.close()
})

test.each([
  ['32768\t60999\n', 32_768],
  ['15000\t61000\n', 15_000],
  // From 1024 on: nothing is below them.
  ['1024\t65535\n', 49_152],
])('ephemeral ports %j begin at %i', (range, first) => {
  const folder = mkdtempSync(join(tmpdir(), 'blindllama-ports-'))
  try {
    writeFileSync(join(folder, 'range'), range)
    expect(firstEphemeral(join(folder, 'range'))).toBe(first)
    expect(firstEphemeral(join(folder, 'nothing'))).toBe(49_152)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
