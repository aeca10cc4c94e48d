import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { evidenceIn } from '../src/inspect/evidence-in.js'
import type { Inspection } from '../src/inspect/report.js'
import { blindllama, file, vector } from './support/run.js'

function bundle(name: string): string {
  return file(`${name}.cbor`, Buffer.from(vector(name).evidence, 'hex'))
}

test('evidence is shown part by part, and never called proven', async () => {
  const { exitCode, out } = await blindllama('inspect', bundle('ok-ecc'))
  expect(exitCode).toBe(0)
  expect(out).toContain('NOT VERIFIED')
  for (const part of ['Bundle', 'Attestation key', 'Quote', 'Claims', 'Measurements, sha256'])
    expect(out).toContain(part)
})

test('from its sources, without a build that knew a hash, the command reads the same', async () => {
  const evidence = bundle('ok-ecc')
  for (const args of [['inspect', evidence, '--json'], ['--version']]) {
    const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', main, ...args])
    expect(stdout).toBe((await blindllama(...args)).out)
  }
})

test('a program gets everything that was read', async () => {
  const { out } = await blindllama('inspect', bundle('ok-ecc'), '--json')
  const shown = JSON.parse(out) as Inspection
  expect(shown.quote?.extraData).toMatch(/^[0-9a-f]{64}$/)
  expect(shown.quote?.pcrSelect).toEqual([{ hash: 11, pcrs: shown.values?.pcrs.map(({ index }) => index) }])
  expect(shown.claims?.audiences.length).toBeGreaterThan(0)
  expect(shown.bundle).toMatchObject({ version: 1, carriesStatic: true, staticHash: shown.staticHash })
  expect(shown.malformed).toEqual([])
  expect(shown).toMatchObject({ verified: false })
})

test('what is malformed is named, and the rest is shown', async () => {
  const { exitCode, out } = await blindllama('inspect', bundle('attest-tail'), '--json')
  const shown = JSON.parse(out) as Inspection
  expect(exitCode).toBe(1)
  expect(shown.malformed).toEqual([{ part: 'attest', code: 'attest.syntax', place: '' }])
  expect(shown.claims).toBeDefined()
  expect(shown.quote).toBeUndefined()
})

test('bytes that are no evidence at all are malformed', async () => {
  const { exitCode, out } = await blindllama('inspect', file('noise', 'hello'))
  expect(exitCode).toBe(1)
  expect(out).toContain('bundle: bundle.encoding')
})

test('an address without its scheme, and one of a page, are told apart from a file', async () => {
  const bare = await blindllama('inspect', 'localhost:8787')
  expect(bare).toMatchObject({ exitCode: 2 })
  expect(bare.err).toContain('localhost:8787 is no file, and the address of a service begins with http:// or https://')
  const page = createServer((_request, response) => response.writeHead(404).end('<html>'))
  await once(page.listen(0, '127.0.0.1'), 'listening')
  const { err, exitCode } = await blindllama('inspect', `http://127.0.0.1:${(page.address() as AddressInfo).port}/`)
  page.close()
  expect(exitCode).toBe(3)
  expect(err).toContain('Is it the address of the gateway, and not that of a page?')
})

test('a service that does not end its evidence is left after a time, with a code', async () => {
  const server = createServer((_request, response) => response.writeHead(200).write('x'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const asked = evidenceIn(`http://127.0.0.1:${port}/`, 300)
  await expect(asked).rejects.toMatchObject({ code: 'evidence.timeout', exitCode: 3 })
  server.closeAllConnections()
  server.close()
}, 10_000)
