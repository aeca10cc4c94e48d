import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, type BlindLlamaClient } from '@blindllama/web-sdk'
import { artifacts } from '../artifacts.ts'
import { hashFile, hashFolder } from '../measure.ts'
import { startStaging, type Staging } from '../staging.ts'
import { separator } from '../event-log.ts'
import { extendPcrs } from '../tpm.ts'
import { testFolder } from './folder.ts'

const wasm: URL = new URL('../../../packages/web-sdk/dist/blindllama_verifier_bg.wasm', import.meta.url)

let staging: Staging
beforeAll(async () => {
  staging = await startStaging()
}, 120_000)
afterAll(async () => staging.stop())

async function connectTo({ url, policy }: Staging): Promise<BlindLlamaClient<true>> {
  return connect({ url, policy, wasm: readFileSync(wasm), dangerouslyAllowSimulated: true })
}

describe('what runs', () => {
  it('publishes to the page what it needs to know', async () => {
    const { url, policy, measured, upstream, model } = staging
    const published = await (await fetch(`${staging.pageUrl}staging.json`)).json()
    expect(published).toEqual({ url, policy, measured, upstream, model })
    expect(upstream).toBe('in-image')
  })

  it('serves only files that were measured', async () => {
    const measured = new Map(staging.measured.map((file) => [file.name, file.sha256]))
    expect(await hashFile(executableOf(staging.processes.gateway.pid))).toBe(measured.get('gateway'))
    expect(await hashFile(executableOf(staging.processes.modelServer?.pid))).toBe(measured.get('node runtime'))
    expect(await hashFile(`${artifacts.modelServer}/server.mjs`)).toBe(measured.get('model server'))
    expect(await hashFolder(`${artifacts.modelServer}/native`)).toBe(measured.get('model server libraries'))
    expect(await hashFile(artifacts.model)).toBe(measured.get('model'))
  })

  it('has nothing in the model server that was not measured, but libraries of the operating system', () => {
    const maps = readFileSync(`/proc/${staging.processes.modelServer?.pid}/maps`, 'utf8')
    const files = new Set(maps.split('\n').flatMap((line) => /^\S+ +\S+ +\S+ +\S+ +\S+ +(\/.*)$/.exec(line)?.[1] ?? []))
    const own = [...files].filter((file) => !/^(\/usr)?\/lib\//.test(file))
    const known = new Set([realpathSync(process.execPath), artifacts.model])
    const outside = own.filter((file) => !known.has(file) && !file.startsWith(`${artifacts.modelServer}/native/`))
    expect(outside).toEqual([])
    expect(own.some((file) => file.includes('libggml-cpu'))).toBe(true)
  })

  it('keeps its folder and sockets from other users', () => {
    expect(realpathSync(staging.folder)).toBe(staging.folder)
    expect(modeOf(staging.folder)).toBe('700')
    expect(modeOf(`${staging.folder}/model.sock`)).toBe('700')
    expect(modeOf(`${staging.folder}/gateway.toml`)).toBe('600')
  })
})

describe('a client of the SDK', () => {
  it('accepts it under its own policy, as simulated', async () => {
    const client = await connectTo(staging)
    expect(client.verdict).toMatchObject({ result: 'pass', simulated: true, assurance: 'simulated' })
    expect(client.verdict.steps.filter(({ status }) => status === 'fail')).toEqual([])
    client.close()
  })

  it('gets an answer of the model, event by event', async () => {
    const client = await connectTo(staging)
    const answer = await client.fetch(new URL('v1/chat/completions', staging.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: staging.model,
        messages: [{ role: 'user', content: 'Tell me about lighthouses.' }],
        max_tokens: 30,
        stream: true,
      }),
    })
    expect(answer.status).toBe(200)
    expect((await answer.text()).split('\n\n').length).toBeGreaterThan(20)
    client.close()
  })

  it('gets no evidence any more as soon as anything else is measured into the TPM', async () => {
    const other = await startStaging()
    try {
      const client = await connectTo(other)
      await extendPcrs(other.tpm.port, [separator(9)])
      await expect(client.renew()).rejects.toMatchObject({ code: 'evidence.status' })
      await expect(connectTo(other)).rejects.toMatchObject({ code: 'evidence.status' })
    } finally {
      await other.stop()
    }
  }, 60_000)

  it('finds configuration and process in the measurements, where the gateway measures itself', async () => {
    const other = await startStaging({ measuresItself: true })
    try {
      const { claims, pcrs } = (await connectTo(other)).verdict
      const value = (index: number): string | undefined => pcrs?.values.find((pcr) => pcr.index === index)?.value
      expect(value(14)).toBe(afterOneEvent('blindllama/config/v1', claims?.configDigest))
      expect(value(15)).toBe(afterOneEvent('blindllama/instance/v1', claims?.instanceKey))
    } finally {
      await other.stop()
    }
  }, 60_000)
})

/** PROTOCOL.md §7.2, in the bank of SHA-256. */
function afterOneEvent(label: string, member = ''): string {
  const parts = [Buffer.from(label), Buffer.from(member, 'hex')]
  const event = Buffer.concat(parts.flatMap((part) => [Buffer.of(0, 0, 0, part.length), part]))
  return sha256(Buffer.concat([Buffer.alloc(32), sha256(event)])).toString('hex')
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

function executableOf(pid: number | undefined): string {
  return realpathSync(`/proc/${pid}/exe`)
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8)
}

it('lets an enroller prove what its TPM is: one of a software maker', async () => {
  const folder = testFolder()
  const at = (name: string): string => join(folder, name)
  const main = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url))
  const blindllama = async (...args: string[]): Promise<Record<string, unknown>> => {
    const line = ['--import', import.meta.resolve('tsx'), main, ...args, '--json']
    const { stdout } = await promisify(execFile)(process.execPath, line).catch(
      (error: unknown) => error as { stdout: string },
    )
    return JSON.parse(stdout) as Record<string, unknown>
  }
  const { key } = await blindllama('release', 'keygen', at('key.pem'))
  const certified = await startStaging({ enroller: String(key) })
  try {
    const args = [
      'enrol',
      certified.url,
      '--roots',
      certified.roots ?? '',
      '--key',
      at('key.pem'),
      '--out',
      at('record.json'),
    ]
    expect(await blindllama(...args)).toMatchObject({ result: 'error', code: 'cli.enrolment' })
    expect(await blindllama(...args, '--as', 'software')).toMatchObject({ result: 'software', model: 'swtpm' })
    const client = await connectTo(certified)
    expect(client.verdict.ak?.name).toBe(
      (await blindllama(...args.slice(0, -1), at('again.json'), '--as', 'software'))['akName'],
    )
    client.close()
  } finally {
    await certified.stop()
  }
}, 120_000)
