import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ClientManifest, manifestFaults, verifiedManifest } from '../../../tools/audit/manifest.ts'
import { Publisher } from '../publisher.ts'

const abort = new AbortController()
const folder = mkdtempSync(join(tmpdir(), 'blindllama-client-'))
const at = (name: string): string => join(folder, name)
const commit = 'c0'.repeat(20)
const content = { 'dist/index.js': 'index', 'dist/parts/verifier.wasm': 'wasm' }
const built = (changed: Record<string, string> = {}): Map<string, Uint8Array> =>
  new Map(Object.entries({ ...content, ...changed }).map(([path, text]) => [path, Buffer.from(text)]))
let publisher: Publisher
let input: { manifest: string; policy: string; keySets: string[]; proof: string }

beforeAll(async () => {
  mkdirSync(at('dist/parts'), { recursive: true })
  for (const [path, text] of Object.entries(content)) writeFileSync(at(path), text)
  publisher = await Publisher.start(at('publisher'), abort.signal)
  const manifest = await publisher.client({ name: 'web-sdk', folder: at('dist'), sourceCommit: commit })
  writeFileSync(at('policy.json'), publisher.policy())
  input = { manifest, policy: at('policy.json'), keySets: [], proof: `${manifest}.proof` }
}, 120_000)

afterAll(async () => {
  await publisher.stop()
  abort.abort()
  rmSync(folder, { recursive: true, force: true })
})

it('counts by the keys and the log of the policy, and is compared with the rebuilt bytes', async () => {
  const manifest = await verifiedManifest(input)
  expect(manifest).toMatchObject({ name: 'web-sdk', sourceCommit: commit })
  expect(manifestFaults(manifest, built(), commit)).toEqual([])
  const faults = (changed: Record<string, string>, of = commit): string =>
    manifestFaults(manifest, built(changed), of).join('\n')
  expect(faults({ 'dist/index.js': 'other' })).toMatch(
    /^dist\/index\.js differs: rebuilt \w{64}, in the manifest \w{64}$/,
  )
  expect(faults({ 'dist/more.js': '' })).toBe('dist/more.js is not in the manifest')
  expect(faults({}, 'ab'.repeat(20))).toContain(`is of commit ${commit}`)
  const [index] = manifest.files
  const less = { ...manifest, files: [{ ...index!, integrity: 'sha384-x' }] } as ClientManifest
  expect(manifestFaults(less, built(), commit).join('\n')).toBe(
    'dist/index.js: the manifest has another value for integrity than its bytes: sha384-x\ndist/parts/verifier.wasm is not in the manifest',
  )
  const more = { ...manifest, files: [...manifest.files, { path: 'dist/gone.js', sha256: '', integrity: '' }] }
  expect(manifestFaults(more, built(), commit)).toEqual(['dist/gone.js is in the manifest, and the commit has it not'])
})

it('counts for nothing under other keys, with another proof, or without one', async () => {
  const policy = JSON.parse(readFileSync(input.policy, 'utf8')) as { releaseKeys: { keys: { key: string }[] } }
  policy.releaseKeys.keys[0]!.key = publisher.key('office')
  writeFileSync(at('other.json'), JSON.stringify(policy))
  await expect(verifiedManifest({ ...input, policy: at('other.json') })).rejects.toThrow('does not count under')
  const { proof: _, ...without } = input
  await expect(verifiedManifest({ ...without, proof: undefined })).rejects.toThrow('--proof')
  const proof = readFileSync(input.proof, 'utf8')
  writeFileSync(at('broken.proof'), proof.replace(/^index \d+$/m, 'index 7'))
  await expect(verifiedManifest({ ...input, proof: at('broken.proof') })).rejects.toThrow('release.log_inclusion')
})

it('is what its schema describes', async () => {
  const document = await verifiedManifest(input)
  const schema = JSON.parse(
    readFileSync(new URL('../../../spec/client.schema.json', import.meta.url), 'utf8'),
  ) as object
  const validate = new Ajv2020().compile(schema)
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true)
  expect(validate({ ...document, files: [] })).toBe(false)
})

it('is demanded with the policy whose keys count', async () => {
  const audit = fileURLToPath(new URL('../../../tools/audit.ts', import.meta.url))
  const words = ['--import', import.meta.resolve('tsx'), audit, '--manifest', input.manifest]
  await expect(promisify(execFile)(process.execPath, words)).rejects.toMatchObject({
    stderr: expect.stringContaining('--manifest FILE and --policy FILE belong together') as string,
  })
})
