import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { keySetId } from '../src/release/keys.js'
import { file } from './support/run.js'
import { at, keygen, make, parsed, release } from './support/signing.js'

const keys: Record<string, string> = {}

beforeAll(async () => {
  for (const name of ['developer', 'auditor']) keys[name] = await keygen(name)
})

describe('blindllama release', () => {
  it('makes keys that nobody else may read, and overwrites none', async () => {
    expect(statSync(at('developer.pem')).mode & 0o777).toBe(0o600)
    expect(keys['developer']).toMatch(/^[0-9a-f]{64}$/)
    const before = readFileSync(at('developer.pem'), 'utf8')
    expect((await release('keygen', at('developer.pem'))).exitCode).toBe(3)
    expect(readFileSync(at('developer.pem'), 'utf8')).toBe(before)
  })

  it('signs only with a key that is private', async () => {
    await make('private.json')
    writeFileSync(at('open.pem'), readFileSync(at('developer.pem')))
    chmodSync(at('open.pem'), 0o644)
    const { exitCode, err } = await release('sign', at('private.json'), '--key', at('open.pem'))
    expect(exitCode).toBe(3)
    expect(err).toContain('chmod 600')
  })

  it('countersigns nothing that was changed after it was signed', async () => {
    await make('changed.json')
    await release('sign', at('changed.json'), '--key', at('developer.pem'))
    const envelope = JSON.parse(readFileSync(at('changed.json'), 'utf8')) as { payload: string }
    const text = Buffer.from(envelope.payload, 'base64').toString('utf8')
    envelope.payload = Buffer.from(text.replace('c0c0', 'c1c0')).toString('base64')
    writeFileSync(at('changed.json'), JSON.stringify(envelope))
    const before = readFileSync(at('changed.json'), 'utf8')
    const { exitCode, out } = await release('countersign', at('changed.json'), '--key', at('auditor.pem'))
    expect(exitCode).toBe(1)
    expect(out).toContain('WRONG')
    expect(readFileSync(at('changed.json'), 'utf8')).toBe(before)
    const packed = await release('pack', '--out', at('wrong'), '--manifest', at('changed.json'))
    expect(packed.exitCode).toBe(1)
    expect(existsSync(at('wrong/release.cbor'))).toBe(false)
  })

  it('neither countersigns, publishes nor packs what nobody signed', async () => {
    await make('unsigned.json')
    const log = [
      '--log',
      at('l'),
      '--origin',
      'o',
      '--log-key',
      at('developer.pem'),
      '--witnesses',
      at('w'),
      '--proof',
      at('p'),
    ]
    for (const args of [
      ['countersign', at('unsigned.json'), '--key', at('auditor.pem')],
      ['publish', at('unsigned.json'), ...log],
      ['pack', '--out', at('none'), '--manifest', at('unsigned.json')],
    ]) {
      const { exitCode, err } = await release(...args)
      expect([args[0], exitCode]).toEqual([args[0], 2])
      expect(err).toContain('nobody has signed it yet')
    }
  })

  it('names a set of keys as the specification does', async () => {
    // PROTOCOL.md §19.2: the public keys of RFC 8032 §7.1, TEST 1 and TEST 2.
    const [one, two] = [
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    ]
    const listed = [
      { key: one, role: 'developer' },
      { key: two, role: 'auditor' },
    ]
    const set = { keys: listed, threshold: { developer: 1, auditor: 1 } }
    expect(keySetId(set)).toBe('6c59548a2cb9182e4ca7185c6faa1894ac9b4edea47f06895831f6afe1f49699')
    // The end of a set is part of its name: 1b and eight bytes (computed with Python's hashlib).
    expect(keySetId({ ...set, notAfter: 1_820_000_000_000 })).toBe(
      '11097760ef8a4a45b90b492cfc70c7bf4ed91560c13fee40185cc96adf6888a5',
    )
  })

  it('names a successor by its end too', async () => {
    const first = file('first.json', JSON.stringify({ keys: [], threshold: {} }))
    const set = ['--key', `developer=${'d7'.repeat(32)}`, '--threshold', 'developer=1', '--from', '1790000000000']
    const made = await release(
      'key-set',
      '--out',
      at('second.json'),
      '--previous',
      first,
      ...set,
      '--days',
      '2',
      '--json',
    )
    const { document } = parsed<{ document: { notAfter: number } }>(await release('show', at('second.json'), '--json'))
    expect(document.notAfter).toBe(1_790_000_000_000 + 2 * 86_400_000)
    const listed = [{ key: 'd7'.repeat(32), role: 'developer' }]
    const id = keySetId({ keys: listed, threshold: { developer: 1 }, notAfter: document.notAfter })
    expect(parsed<{ id: string }>(made).id).toBe(id)
  })

  it('writes down what is withdrawn', async () => {
    await make('withdrawn.json')
    const { sha256 } = parsed<{ sha256: string }>(await release('show', at('withdrawn.json'), '--json'))
    const what = [
      '--revoke-release',
      at('withdrawn.json'),
      '--revoke-serial',
      `${'ab'.repeat(32)}:0001FF`,
      '--min-version',
      '9',
    ]
    await release('status', '--out', at('status.json'), '--at', '1790000000000', ...what)
    expect(parsed<{ document: unknown }>(await release('show', at('status.json'), '--json')).document).toEqual({
      date: 1_790_000_000_000,
      minVersion: 9,
      revokedReleases: [sha256],
      revokedSerials: [{ issuer: 'ab'.repeat(32), serial: '01ff' }],
    })
  })

  it.each([
    ['no verb'],
    ['an unknown verb', 'ship'],
    ['a number that is none', 'make', '--out', 'x', '--source-commit', 'c0'.repeat(20), '--pcrs', 'p', '--days', '-1'],
    ['a key set without keys', 'key-set', '--out', 'x'],
  ])('refuses %s as wrong use', async (_what, ...args) => {
    file('p', '{}')
    const { exitCode, err } = await release(...args.map((arg) => (arg === 'p' ? at('p') : arg)))
    expect(exitCode).toBe(2)
    expect(err).toContain('cli.usage')
  })
})
