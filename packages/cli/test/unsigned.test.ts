import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { file } from './support/run.js'
import { at, keygen, make, policyWith, release } from './support/signing.js'

const verbs: Record<string, string[]> = {}

beforeAll(async () => {
  const developer = await keygen('maker')
  const pcrs = ['--pcrs', file('made.pcrs', JSON.stringify({ '0': '11'.repeat(32) }))]
  const numbers = ['--version', '1', '--min-version', '1', '--days', '1', '--machine', 'q35', '--name', 'chat']
  const policy = policyWith('made.policy', {
    keys: [{ key: developer, role: 'developer' }],
    threshold: { developer: 1 },
  })
  const set = ['--key', `developer=${developer}`, '--threshold', 'developer=1', '--days', '1']
  verbs['make'] = ['--source-commit', 'c0'.repeat(20), '--image-digest', '1a'.repeat(32), ...numbers, ...pcrs]
  verbs['status'] = ['--at', '1790000000000']
  verbs['key-set'] = ['--previous', policy, ...set]
})

const written = async (verb: string, out: string): ReturnType<typeof release> =>
  release(verb, '--out', at(out), ...(verbs[verb] ?? []))

describe.each(['make', 'status', 'key-set'])('release %s', (verb) => {
  it('replaces an unsigned document of its kind, and no signed one', async () => {
    const out = `signed-${verb}.json`
    for (const _ of [1, 2]) expect((await written(verb, out)).exitCode).toBe(0)
    await release('sign', at(out), '--key', at('maker.pem'))
    const before = readFileSync(at(out), 'utf8')
    const { exitCode, err } = await written(verb, out)
    expect(exitCode).toBe(3)
    expect(err).toContain('cli.exists')
    expect(err).toContain('signed already')
    expect(err).toContain('--out')
    expect(readFileSync(at(out), 'utf8')).toBe(before)
  })

  it('replaces no key, no policy, no document of another kind, and no link', async () => {
    await make('other.json')
    if (verb === 'make') {
      rmSync(at('other.json'))
      await written('status', 'other.json')
    }
    rmSync(at('dangling'), { force: true })
    symlinkSync(at('nowhere'), at('dangling'))
    for (const out of ['maker.pem', 'made.policy', 'other.json']) {
      const before = readFileSync(at(out), 'utf8')
      expect((await written(verb, out)).err, out).toContain('cli.exists')
      expect(readFileSync(at(out), 'utf8'), out).toBe(before)
    }
    expect((await written(verb, 'dangling')).err).toContain('cli.exists')
    expect(existsSync(at('nowhere'))).toBe(false)
  })
})
