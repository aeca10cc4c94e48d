import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Policy } from '@blindllama/web-sdk'
import { type Staging, startStaging } from '../../../services/staging/staging.ts'
import { run } from '../src/run.js'
import { blindllama, file, inProcess, type Ran } from './support/run.js'

let staging: Staging
let folder: string
let made = 0

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'blindllama-init-'))
  staging = await startStaging({ measuresItself: true })
}, 120_000)
afterAll(async () => {
  await staging?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const fresh = (): string => join(folder, `policy-${(made += 1)}.json`)
const read = (path: string): Policy => JSON.parse(readFileSync(path, 'utf8')) as Policy
const init = async (out: string, ...args: string[]): Promise<Ran> =>
  inProcess('policy', 'init', '--url', staging.url, '--out', out, ...args)

/** Answers the questions of the command, in their order. */
async function answering(
  out: string,
  answers: readonly string[],
): Promise<{ exitCode: number; asked: string[]; said: string }> {
  let said = ''
  const asked: string[] = []
  const ask = async (question: { toString(): string }): Promise<string> => {
    asked.push(String(question))
    return answers[asked.length - 1] ?? ''
  }
  const io = { out: (text: { toString(): string }) => void (said += String(text)), err: () => {}, color: false, ask }
  return { exitCode: await run(['policy', 'init', '--url', staging.url, '--out', out], io), asked, said }
}

describe('policy init', () => {
  test('writes a policy that the service meets, as strict as that of its author', async () => {
    const out = fresh()
    const { exitCode, out: said } = await init(out, '--yes')
    expect(exitCode, said).toBe(0)
    const policy = read(out)
    const author = JSON.parse(staging.policy) as Policy
    expect(policy.pcrs).toEqual(author.pcrs)
    expect(policy.releases?.[0]?.pcrs).toEqual(author.releases?.[0]?.pcrs)
    expect(policy.releases?.[0]?.configDigests).toEqual(author.releases?.[0]?.configDigests)
    expect(policy.anchors).toEqual(author.anchors)
    expect(policy).toMatchObject({ audience: author.audience, acceptAssurance: ['simulated'] })
    expect(policy).not.toHaveProperty('acceptUpstream')
    expect(said).toMatch(/^NOT VERIFIED/)
    expect(said).toContain(`MEETS IT  ${staging.url} meets this policy now, with a simulated TPM, which proves nothing`)
    expect(said).toContain('The service itself said every value in it')
    expect(said).toContain(`Next: blindllama verify ${staging.url} --policy ${out} --dangerously-allow-simulated`)
  })

  test('asks what to pin', async () => {
    const out = fresh()
    const { exitCode, asked, said } = await answering(out, ['', 'operator-ca', 'first', '11'])
    // PCR 11 has the model: a policy without it leaves the image open.
    expect(exitCode).toBe(1)
    expect(said).toContain(`Next: blindllama policy check ${out} --url ${staging.url}`)
    expect(said).not.toContain('Next: blindllama verify')
    expect(asked.map((question) => question.slice(0, 12))).toEqual([
      'Name of the ',
      'What holds t',
      'Name of the ',
      'PCRs to leav',
    ])
    expect(read(out)).toMatchObject({
      anchors: [{ kind: 'ak-name', assurance: 'operator-ca' }],
      acceptAssurance: ['operator-ca'],
      releases: [{ name: 'first' }],
      pcrs: { rules: { '11': 'unchecked' } },
    })
  })

  test('asks a wrong answer again, and that one alone', async () => {
    const out = fresh()
    const { exitCode, asked } = await answering(out, ['', 'simulatd', 'simulated', 'first', '24', 'x', 'none'])
    expect(exitCode).toBe(0)
    expect(asked.length).toBe(7)
    expect(asked[2]).toMatch(/^--assurance: 'simulatd' is none of .*Did you mean simulated\? What holds the/)
    expect(asked[5]).toMatch(/^--unchecked: '24' is no PCR from 0 to 23\. PCRs to leave/)
    expect(read(out)).toMatchObject({ releases: [{ name: 'first' }] })
  })

  test('refuses a wrong option before it asks anything', async () => {
    const out = fresh()
    const asked: string[] = []
    const ask = async (question: { toString(): string }): Promise<string> => {
      asked.push(String(question))
      return ''
    }
    const io = { out: () => {}, err: () => {}, color: false, ask }
    expect(await run(['policy', 'init', '--url', staging.url, '--out', out, '--unchecked', '24'], io)).toBe(2)
    expect(asked).toEqual([])
  })

  test('ends after five wrong answers, and writes nothing', async () => {
    const out = fresh()
    const { exitCode, asked } = await answering(out, ['', ...Array.from({ length: 9 }, () => 'nonsense')])
    expect([exitCode, asked.length]).toEqual([2, 6])
    expect(() => read(out)).toThrow('ENOENT')
  })

  test('says that the file exists before it asks anything, of the service or of a person', async () => {
    const { exitCode, asked } = await answering(await written(), [])
    expect([exitCode, asked]).toEqual([3, []])
    const nowhere = ['policy', 'init', '--url', 'http://127.0.0.1:1/', '--out', await written()]
    expect(await inProcess(...nowhere)).toMatchObject({ exitCode: 3, err: expect.stringContaining('(cli.exists)') })
  })

  test('takes the values of a manifest in place of those of the service, and says where they differ', async () => {
    const golden = { ...read(await written()).releases?.[0]?.pcrs, '4': '11'.repeat(32) }
    const manifest = join(folder, 'manifest.json')
    const numbers = ['--name', 'r', '--version', '1', '--min-version', '1', '--days', '30', '--machine', 'q35']
    const digests = ['--source-commit', 'c0'.repeat(20), '--image-digest', '1a'.repeat(32)]
    const pcrs = ['--pcrs', file('pcrs.json', JSON.stringify(golden))]
    expect((await inProcess('release', 'make', '--out', manifest, ...numbers, ...digests, ...pcrs)).exitCode).toBe(0)
    const out = fresh()
    const { exitCode, out: said } = await init(out, '--yes', '--from-release', manifest, '--release', 'mine')
    expect(exitCode).toBe(1)
    expect(read(out).releases?.[0]?.pcrs['4']).toBe('11'.repeat(32))
    expect(said).toContain(`PCR 4 is ${read(await written()).releases?.[0]?.pcrs['4']}, expected ${'11'.repeat(32)}`)
  })

  test('replaces no file, and pins nothing where nobody can be asked', async () => {
    const out = await written()
    const before = readFileSync(out, 'utf8')
    expect(await init(out, '--yes', '--json')).toMatchObject({ exitCode: 3 })
    expect(readFileSync(out, 'utf8')).toBe(before)
    const silent = fresh()
    expect(await init(silent)).toMatchObject({ exitCode: 2, err: expect.stringContaining('Pass --yes') })
    expect(() => read(silent)).toThrow('ENOENT')
  })

  test.each([
    [['--assurance', 'cvm-bound'], "'cvm-bound' is none of"],
    [['--unchecked', '4,x'], "'x' is no PCR"],
    [['--unchecked', '24'], "'24' is no PCR"],
    [['extra'], 'policy init --url URL'],
  ])('refuses %j', async (args, sentence) => {
    expect(await init(fresh(), '--yes', ...args)).toMatchObject({ exitCode: 2, err: expect.stringContaining(sentence) })
  })

  test('writes nothing for a bank that no firmware extended, and says what to do', async () => {
    for (const name of ['bank-unextended', 'bank-unextended-sha384', 'bank-unextended-locality-3']) {
      const vector = new URL(`../../../spec/vectors/bundles/${name}.json`, import.meta.url)
      const { evidence } = JSON.parse(readFileSync(vector, 'utf8')) as { evidence: string }
      const server = createServer((_, response) =>
        response.writeHead(200, { 'content-type': 'application/cbor' }).end(Buffer.from(evidence, 'hex')),
      ).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
      const out = fresh()
      const { exitCode, err } = await inProcess('policy', 'init', '--url', url, '--out', out, '--yes')
      server.close()
      expect([exitCode, err], name).toEqual([1, expect.stringContaining('(pcr.bank_unextended)')])
      expect(err).toContain('attestation.bank')
      expect(() => read(out)).toThrow('ENOENT')
    }
  })

  test('a service that is not there is told as such', async () => {
    const missing = await inProcess('policy', 'init', '--url', 'http://127.0.0.1:1/', '--yes', '--out', fresh())
    expect(missing).toMatchObject({ exitCode: 3, err: expect.stringContaining('(evidence.unreachable)') })
  })
})

/** A policy of `init`. */
async function written(): Promise<string> {
  const out = fresh()
  await init(out, '--yes')
  return out
}

test('policy check --url says whether the service meets the policy', async () => {
  const good = await inProcess('policy', 'check', await written(), '--url', staging.url)
  expect(good).toMatchObject({ exitCode: 0, out: expect.stringContaining('meets this policy now') })
  // The staging has a software TPM: a page that expects a proof would be surprised.
  expect(good.out).toContain('with a simulated TPM, which proves nothing: verify needs --dangerously-allow-simulated')
  const told = await inProcess('policy', 'check', await written(), '--url', staging.url, '--json')
  expect(JSON.parse(told.out)).toMatchObject({ service: { result: 'pass', simulated: true } })
  const policy = { ...(JSON.parse(staging.policy) as Policy), audience: 'https://other.example' }
  const bad = await inProcess('policy', 'check', file('other.json', JSON.stringify(policy)), '--url', staging.url)
  expect(bad).toMatchObject({
    exitCode: 1,
    out: expect.stringContaining('asked for https://other.example, the gateway serves'),
  })
})

test('verify --save keeps the earlier record where the disk has no room for the new one', async () => {
  const saved = join(mkdtempSync(join(folder, 'saved-')), 'record.json')
  const policy = file('saved.policy.json', staging.policy)
  const args = ['verify', staging.url, '--policy', policy, '--dangerously-allow-simulated', '--save', saved]
  expect(await blindllama(...args)).toMatchObject({ exitCode: 0 })
  const record = readFileSync(saved, 'utf8')
  // No file may grow beyond 0 bytes: every write fails as on a full disk.
  const limited = ['-c', 'ulimit -f 0; exec "$0" "$@"', process.execPath, inject('command'), ...args]
  expect(await once(spawn('bash', limited, { stdio: 'ignore' }), 'exit')).toEqual([3, null])
  expect(readFileSync(saved, 'utf8')).toBe(record)
  expect(readdirSync(dirname(saved)), 'nothing half written stays beside it').toEqual(['record.json'])
  expect(await blindllama(...args)).toMatchObject({ exitCode: 0 })
  expect(readFileSync(saved, 'utf8'), 'the next run replaces it').not.toBe(record)
  const device = [...args.slice(0, -1), '/dev/null']
  expect(await blindllama(...device)).toMatchObject({ exitCode: 3, err: expect.stringContaining('not a regular file') })
})

test('policy explain says what a policy demands', async () => {
  const { exitCode, out } = await inProcess('policy', 'explain', await written())
  expect(exitCode).toBe(0)
  for (const sentence of [
    'The attestation key is that of the software TPM',
    'PCR 14: it holds the gateway',
    'PCR 15: it holds the key of this gateway process',
    'The event log must explain every quoted PCR',
    '1 configuration of the gateway is accepted',
    'Evidence may be 60 minutes old',
  ])
    expect(out).toContain(sentence)
})

test('the walk-through leads from an empty folder to a proof', async () => {
  const document = readFileSync(new URL('../../../docs/FIRST-PROOF.md', import.meta.url), 'utf8')
  const commands = [...document.matchAll(/^npx blindllama (.*)$/gm)].map(([, words = '']) => words)
  expect(commands.length).toBeGreaterThan(3)
  const out = fresh()
  let last = ''
  for (const words of commands) {
    const args = words.replaceAll('http://127.0.0.1:8787/', staging.url).replaceAll('policy.json', out).split(' ')
    const { exitCode, out: said, err } = await blindllama(...args)
    expect(exitCode, `${words}\n${said}${err}`).toBe(0)
    last = said
  }
  expect(last).toMatch(/^NOT PROVEN {2}service, simulated: |^PROVEN/)
}, 120_000)
