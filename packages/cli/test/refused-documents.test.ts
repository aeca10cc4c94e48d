import { existsSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Envelope, unsigned } from '../src/release/envelope.js'
import { file } from './support/run.js'
import { at, keygen, make, release } from './support/signing.js'

const digest = '11'.repeat(32)
const part = (name: string, index = '0'): object => ({ name, pcrs: { [index]: digest } })
const parts = (value: object): string[] => ['--pcrs', file('parts.json', JSON.stringify(value))]

let key = ''

beforeAll(async () => {
  key = await keygen('refused')
})

/** A file as somebody else may have made it. */
function written(name: string, { payload }: Envelope, kind: string): string {
  const payloadType = `application/vnd.blindllama.${kind}.v1+json`
  writeFileSync(at(name), JSON.stringify({ payloadType, payload: payload.toString('base64'), signatures: [] }))
  return at(name)
}

const manifest = {
  name: 'chat',
  version: 2,
  minVersion: 1,
  notBefore: 1,
  notAfter: 2,
  sourceCommit: digest,
  imageDigest: digest,
  machine: 'q35',
  bank: 'sha256',
}

describe('a document that every verifier refuses', () => {
  it.each([
    ['a platform twice', { platforms: [part('q35'), part('q35', '1')] }, 'manifest platforms'],
    ['an image twice', { images: [part('chat', '4'), part('chat', '11')] }, 'manifest images'],
    ['a set of values twice', { whole: [part('one'), part('one')] }, 'manifest whole'],
    ['a value of another length', { whole: [{ name: 'one', pcrs: { 0: '11' } }] }, 'manifest whole'],
    ['a value of a PCR that says nothing', { whole: [part('one', '16')] }, 'manifest whole'],
    ['a part without values', { images: [{ name: 'chat' }] }, 'manifest images'],
    ['no list', { platforms: part('q35') }, 'manifest platforms'],
    ['an empty list', { platforms: [] }, 'manifest platforms'],
    ['65 platforms', { platforms: Array.from({ length: 65 }, (_, index) => part(`q${index}`)) }, 'manifest platforms'],
  ])('is not made: %s', async (_, golden, place) => {
    const { exitCode, err } = await make('refused.json', ...parts(golden))
    expect(err).toContain(`(${place}`)
    expect(err).toMatch(/release\.(?:invalid|syntax)/)
    expect(exitCode).toBe(1)
    expect(existsSync(at('refused.json'))).toBe(false)
  })

  it.each([
    ['--min-version', '13', 'manifest version'],
    ['--bank', 'sha1', 'manifest bank'],
    ['--machine', 'm'.repeat(256), 'at most 255'],
  ])('is not made: %s %s', async (option, value, place) => {
    const { exitCode, err } = await make('refused.json', option, value)
    expect(err).toContain(place)
    expect(exitCode).toBeGreaterThan(0)
    expect(existsSync(at('refused.json'))).toBe(false)
  })

  it('is made where nothing is wrong with its parts', async () => {
    const golden = { platforms: [part('q35'), part('q36')], images: [part('q35', '4')] }
    expect(await make('accepted.json', ...parts(golden))).toMatchObject({ exitCode: 0, err: '' })
  })

  it('is no status, and no set of keys', async () => {
    const serials = Array.from({ length: 1025 }, (_, index) => [
      '--revoke-certificate',
      index.toString(16).padStart(64, '0'),
    ])
    const status = await release('status', '--out', at('status.json'), ...serials.flat())
    expect(status.err).toContain('(status revokedCertificates')
    expect([status.exitCode, existsSync(at('status.json'))]).toEqual([1, false])
    // The identity of the curve: no signature says anything under it.
    const weak = `01${'00'.repeat(31)}`
    const previous = file('previous.json', JSON.stringify({ keys: [{ key, role: 'a' }], threshold: { a: 1 } }))
    const set = ['--previous', previous, '--key', `a=${weak}`, '--threshold', 'a=1', '--days', '1']
    const successor = await release('key-set', '--out', at('set.json'), ...set)
    expect(successor.err).toContain('release.invalid')
    expect([successor.exitCode, existsSync(at('set.json'))]).toEqual([1, false])
  })

  it.each([
    ['release', { ...manifest, platforms: [part('q35'), part('q35')] }, 'manifest platforms'],
    ['key-set', { previous: digest, keys: [], threshold: {}, notAfter: 9 }, 'key set keys'],
    ['status', { date: 1, revoked: [] }, 'status revoked'],
  ])('is neither signed, countersigned, shown nor packed: a %s of somebody else', async (kind, document, place) => {
    const name = written(`other-${kind}.json`, unsigned(kind as Envelope['kind'], document), kind)
    const signing = ['--key', at('refused.pem')]
    const verbs = [
      ['sign', name, ...signing],
      ['countersign', name, ...signing],
      ['show', name],
    ]
    if (kind !== 'key-set')
      verbs.push(['pack', '--out', at('packed'), kind === 'release' ? '--manifest' : '--status', name])
    for (const args of verbs) {
      const { exitCode, err } = await release(...args)
      if (args[0] === 'countersign') expect(err).toMatch(/nobody has signed it yet|release\./)
      else expect(err, args[0]).toContain(`(${place}`)
      expect(exitCode, args[0]).toBeGreaterThan(0)
    }
    expect(existsSync(at('packed'))).toBe(false)
  })
})
