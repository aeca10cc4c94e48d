import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Policy } from '@blindllama/web-sdk'
import { type Staging, startStaging } from '../../../services/staging/staging.ts'
import { file, inProcess, type Ran } from './support/run.js'

let staging: Staging
let author: Policy
let folder: string
let made = 0

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'blindllama-from-image-'))
  staging = await startStaging({ measuresItself: true })
  author = JSON.parse(staging.policy) as Policy
}, 120_000)
afterAll(async () => {
  await staging?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const fresh = (): string => join(folder, `policy-${(made += 1)}.json`)
const read = (path: string): Policy => JSON.parse(readFileSync(path, 'utf8')) as Policy

const platformPcrs = new Set(['0', '1', '2', '3', '6', '7'])

/** The author's values, apart as `release measure --platform` writes them. */
function golden(change: (pcrs: Record<string, string>) => void = () => {}): string {
  const pcrs = { ...author.releases?.[0]?.pcrs } as Record<string, string>
  change(pcrs)
  const of = (isPlatform: boolean): Record<string, string> =>
    Object.fromEntries(Object.entries(pcrs).filter(([pcr]) => platformPcrs.has(pcr) === isPlatform))
  const parts = {
    images: [{ name: 'image', pcrs: of(false) }],
    platforms: [{ name: 'machine', pcrs: of(true) }],
    explanation: { events: [], untouched: [12, 13] },
  }
  return file(`golden-${(made += 1)}.json`, JSON.stringify(parts))
}

const init = async (...args: string[]): Promise<Ran> => inProcess('policy', 'init', ...args)
const digest = (): string => author.releases?.[0]?.configDigests?.[0] ?? ''
const name = (): string => (author.anchors[0] as { name: string }).name

describe('policy init --from-image', () => {
  test('writes, without a service, a policy that the service of that image meets', async () => {
    const out = fresh()
    const given = ['--config-digest', digest(), '--ak-name', name(), '--audience', author.audience ?? '']
    const { exitCode, out: said, err } = await init('--from-image', golden(), '--out', out, ...given)
    expect(exitCode, err).toBe(0)
    expect(said).toContain('No service was asked')
    const policy = read(out)
    expect(policy.pcrs.rules).toEqual(author.pcrs.rules)
    expect(policy.releases?.[0]?.pcrs).toEqual(author.releases?.[0]?.pcrs)
    expect(policy.anchors).toEqual(author.anchors)
    const checked = await inProcess('policy', 'check', out, '--url', staging.url, '--json')
    expect(JSON.parse(checked.out)).toMatchObject({ result: 'pass', open: [], service: { result: 'pass' } })
  })

  test('takes the key alone from a service, and judges it', async () => {
    const out = fresh()
    const given = ['--url', staging.url, '--config-digest', digest()]
    const { exitCode, out: said, err } = await init('--from-image', golden(), '--out', out, ...given)
    expect(exitCode, err).toBe(0)
    expect(said).toContain('MEETS IT')
    expect(read(out)).toMatchObject({ anchors: author.anchors, audience: author.audience })
  })

  test('refuses a service that runs something else, and stays as strict as it is', async () => {
    const ab = 'ab'.repeat(32)
    const given = ['--url', staging.url, '--config-digest', digest()]
    const other = fresh()
    const changed = golden((pcrs) => (pcrs['4'] = ab))
    const refused = await init('--from-image', changed, '--out', other, ...given, '--json')
    expect(refused.exitCode).toBe(1)
    expect(JSON.parse(refused.out)).toMatchObject({ result: 'fail', code: 'pcr.mismatch' })
    expect(read(other).releases?.[0]?.pcrs['4']).toBe(ab)

    const configured = fresh()
    const configuration = ['--url', staging.url, '--config-digest', ab, '--json']
    const wrong = await init('--from-image', golden(), '--out', configured, ...configuration)
    expect(JSON.parse(wrong.out)).toMatchObject({ result: 'fail', code: 'claims.config' })
    expect(read(configured).pcrs.rules).toMatchObject({ 14: 'config', 15: 'instance' })
  })

  test.each<[string, (given: { file: string }) => string[], string]>([
    ['a digest of the configuration', ({ file: path }) => ['--from-image', path], '--config-digest HEX'],
    ['the key', ({ file: path }) => ['--from-image', path, '--config-digest', digest()], '--ak-name HEX'],
    [
      'the audience',
      ({ file: path }) => ['--from-image', path, '--config-digest', digest(), '--ak-name', name()],
      '--audience NAME',
    ],
    [
      'no option that would do nothing',
      ({ file: path }) => ['--from-image', path, '--config-digest', digest(), '--allow-partial-coverage'],
      '--allow-partial-coverage does not go with --from-image',
    ],
    ['an image for its options', () => ['--url', 'http://127.0.0.1:9', '--ak-name', name()], '--ak-name needs'],
  ])('needs %s', async (_what, words, message) => {
    const out = fresh()
    const { exitCode, err } = await init(...words({ file: golden() }), '--out', out)
    expect(exitCode).toBe(2)
    expect(err).toContain(message)
    expect(existsSync(out)).toBe(false)
  })

  test.each<[string, string | undefined, string]>([
    ['no JSON', 'golden', 'is no JSON'],
    ['no image', '{"platforms":[]}', 'has no values of an image'],
    ['a value that is no digest', '{"images":[{"name":"a","pcrs":{"4":"00"}}]}', 'has no values of an image'],
    ['no machine', '{"images":[{"name":"a","pcrs":{"4":"' + 'ab'.repeat(32) + '"}}]}', 'firmware and machine'],
    ['no PCR 0', undefined, 'has no value of PCR 0'],
  ])('refuses a file with %s', async (_what, text, message) => {
    const path = text === undefined ? golden((pcrs) => delete pcrs['0']) : file(`broken-${(made += 1)}.json`, text)
    const out = fresh()
    const given = ['--config-digest', digest(), '--ak-name', name(), '--audience', 'a.example']
    const { exitCode, err } = await init('--from-image', path, '--out', out, ...given)
    expect(exitCode).toBe(3)
    expect(err).toContain(message)
    expect(err).toContain('release measure IMAGE --platform FILE')
    expect(existsSync(out)).toBe(false)
  })
})
