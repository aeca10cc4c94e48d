import { readFileSync, writeFileSync } from 'node:fs'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { file } from './support/run.js'
import { at, keygen, type Keys, make, parsed, policyWith, release, sha256Of, signersOf } from './support/signing.js'

const keys: Record<string, string> = {}
const key = (name: string): string => keys[name] ?? ''
const set = (...names: [role: string, name: string][]): Keys['keys'] =>
  names.map(([role, name]) => ({ role, key: key(name) }))
let policy: string

beforeAll(async () => {
  for (const name of ['developer', 'auditor', 'security', 'office', 'second', 'mallory'])
    keys[name] = await keygen(name)
  policy = policyWith('pinned.json', {
    keys: set(['developer', 'developer'], ['auditor', 'auditor']),
    threshold: { developer: 1, auditor: 1 },
  })
})

beforeEach(async () => {
  await make('manifest.json')
  await release('sign', at('manifest.json'), '--key', at('developer.pem'))
})

const countersign = async (...more: string[]): ReturnType<typeof release> =>
  release('countersign', at('manifest.json'), '--key', at('auditor.pem'), ...more)

describe('a review', () => {
  it('shows every value, the digest and the signatures, and signs nothing', async () => {
    const { exitCode, out, err } = await countersign()
    expect(exitCode).toBe(4)
    const sha256 = await sha256Of('manifest.json')
    for (const value of ['c0'.repeat(20), '1a'.repeat(32), '22'.repeat(32), '2026-09-21T', key('developer'), sha256])
      expect(out).toContain(value)
    expect(err).toContain(`--policy FILE --sha256 ${sha256}`)
    expect(out).toContain('whose key that is, no policy says')
    expect(await signersOf('manifest.json')).toEqual([key('developer')])
  })

  it('tells with a policy whose signatures there are and which are missing', async () => {
    const { exitCode, out } = await countersign('--policy', policy)
    expect(exitCode).toBe(4)
    expect(out).toMatch(/developer +1 of 1\n/)
    expect(out).toMatch(/auditor +0 of 1\n/)
    const told = parsed(await countersign('--policy', policy, '--json'))
    expect(told).toMatchObject({ signed: false, signatures: [{ role: 'developer', good: true }] })
  })
})

describe('a countersignature', () => {
  it('is refused for --yes alone, with what to do', async () => {
    for (const more of [['--yes'], ['--yes', '--sha256', '11'.repeat(32)], ['--yes', '--policy', policy]]) {
      const { exitCode, err } = await countersign(...more)
      expect(exitCode, more.join(' ')).toBe(2)
      expect(err).toContain('--sha256 HEX')
      expect(err).toContain('--policy FILE')
    }
    expect((await countersign('--sha256', await sha256Of('manifest.json'))).exitCode).toBe(2)
    expect(await signersOf('manifest.json')).toEqual([key('developer')])
  })

  it('is made on the document that was reviewed, once those of the policy have signed', async () => {
    const sha256 = await sha256Of('manifest.json')
    const { exitCode, out } = await countersign('--sha256', sha256, '--policy', policy, '--json')
    expect(exitCode).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ signed: true, sha256 })
    expect(await signersOf('manifest.json')).toEqual([key('developer'), key('auditor')])
  })

  it('is not made on a document that took the place of the one that was reviewed', async () => {
    const reviewed = await sha256Of('manifest.json')
    await make('manifest.json', '--image-digest', '66'.repeat(32))
    await release('sign', at('manifest.json'), '--key', at('developer.pem'))
    const before = readFileSync(at('manifest.json'), 'utf8')
    const { exitCode, err } = await countersign('--sha256', reviewed, '--policy', policy, '--yes')
    expect(exitCode).toBe(1)
    expect(err).toContain('cli.reviewed')
    expect(err).toContain(reviewed)
    expect(readFileSync(at('manifest.json'), 'utf8')).toBe(before)
  })

  it('is not made where a key outside of the policy signed in place of the developer', async () => {
    await make('manifest.json')
    await release('sign', at('manifest.json'), '--key', at('mallory.pem'))
    const { exitCode, err } = await countersign('--sha256', await sha256Of('manifest.json'), '--policy', policy)
    expect(exitCode).toBe(1)
    expect(err).toContain('cli.signers')
    expect(err).toContain('developer (0 of 1)')
    expect(await signersOf('manifest.json')).toEqual([key('mallory')])
  })

  it('is not made with a key that the policy does not name', async () => {
    const line = ['--sha256', await sha256Of('manifest.json'), '--policy', policy]
    const { exitCode, err } = await release('countersign', at('manifest.json'), '--key', at('mallory.pem'), ...line)
    expect(exitCode).toBe(1)
    expect(err).toContain('is not among the keys that the policy names')
    expect(err).toContain('cli.signers')
    expect(await signersOf('manifest.json')).toEqual([key('developer')])
  })

  it('is a second signature also where its role is the only one', async () => {
    const two = policyWith('two.json', {
      keys: set(['auditor', 'auditor'], ['auditor', 'second']),
      threshold: { auditor: 2 },
    })
    const line = ['--sha256', await sha256Of('manifest.json'), '--policy', two]
    expect((await countersign(...line)).exitCode).toBe(1)
    const reviewed = ['--sha256', await sha256Of('manifest.json')]
    expect((await release('sign', at('manifest.json'), '--key', at('second.pem'), ...reviewed)).exitCode).toBe(0)
    expect((await countersign(...line)).exitCode).toBe(0)
  })

  it('waits for every other role, or for those of --after', async () => {
    const three = policyWith('three.json', {
      keys: set(['developer', 'developer'], ['auditor', 'auditor'], ['security', 'security']),
      threshold: { developer: 1, auditor: 1, security: 1 },
    })
    const line = ['--sha256', await sha256Of('manifest.json'), '--policy', three]
    expect((await countersign(...line)).err).toContain('security (0 of 1)')
    expect((await countersign(...line, '--after', 'nobody')).exitCode).toBe(2)
    expect((await countersign(...line, '--after', 'developer')).exitCode).toBe(0)
  })

  it('is judged by the keys of the status for a status, and by those of releases for a release', async () => {
    const apart = policyWith(
      'apart.json',
      { keys: set(['developer', 'developer'], ['auditor', 'auditor']), threshold: { developer: 1, auditor: 1 } },
      {
        status: {
          maxAgeMs: 86_400_000,
          signers: { keys: set(['office', 'office'], ['auditor', 'auditor']), threshold: { office: 1, auditor: 1 } },
        },
      },
    )
    await release('status', '--out', at('status.json'))
    await release('sign', at('status.json'), '--key', at('developer.pem'))
    const line = ['--key', at('auditor.pem'), '--policy', apart, '--sha256', await sha256Of('status.json')]
    expect((await release('countersign', at('status.json'), ...line)).err).toContain('office (0 of 1)')
    await release('sign', at('status.json'), '--key', at('office.pem'), '--sha256', await sha256Of('status.json'))
    expect((await release('countersign', at('status.json'), ...line)).exitCode).toBe(0)
  })

  it('follows the policy to the successors of its keys, and takes no other successor', async () => {
    const thresholds = ['--threshold', 'developer=1', '--threshold', 'auditor=1', '--days', '365']
    const roles = [...thresholds, '--key', `auditor=${key('auditor')}`]
    const made = ['--previous', policy, ...roles, '--key', `developer=${key('second')}`]
    await release('key-set', '--out', at('keys.json'), ...made)
    await release('sign', at('keys.json'), '--key', at('developer.pem'))
    const ofKeys = ['--key', at('auditor.pem'), '--policy', policy, '--sha256', await sha256Of('keys.json')]

    // What only the developer has signed is no successor yet.
    await make('manifest.json')
    await release('sign', at('manifest.json'), '--key', at('second.pem'))
    const line = ['--sha256', await sha256Of('manifest.json'), '--policy', policy]
    expect((await countersign(...line, '--key-set', at('keys.json'))).err).toContain('auditor (0 of 1)')
    expect((await release('countersign', at('keys.json'), ...ofKeys)).exitCode).toBe(0)
    expect((await countersign(...line)).err).toContain('developer (0 of 1)')
    expect((await countersign(...line, '--key-set', at('keys.json'))).exitCode).toBe(0)

    // A successor of another set than the policy's.
    const other = file('other-keys.json', JSON.stringify({ keys: [], threshold: {} }))
    await release(
      'key-set',
      '--out',
      at('strange.json'),
      '--previous',
      other,
      ...roles,
      '--key',
      `developer=${key('second')}`,
    )
    await release('sign', at('strange.json'), '--key', at('developer.pem'))
    const strange = ['--key', at('auditor.pem'), '--policy', policy, '--sha256', await sha256Of('strange.json')]
    const refused = await release('countersign', at('strange.json'), ...strange)
    expect(refused.exitCode).toBe(1)
    expect(refused.err).toContain('cli.signers')
  })

  it('takes no policy that the verifier refuses', async () => {
    const broken = readFileSync(policy, 'utf8').replace('"auditor":1', '"auditor":1,"auditor":0')
    const line = ['--sha256', await sha256Of('manifest.json'), '--policy', file('broken.json', broken)]
    const { exitCode, err } = await countersign(...line)
    expect(exitCode).toBe(3)
    expect(err).toContain('policy.syntax')
  })
})

describe('every verb that signs, publishes or packs', () => {
  it('signs with --sha256 only the document that was made', async () => {
    const { sha256 } = parsed<{ sha256: string }>(await make('held.json', '--json'))
    await make('held.json', '--image-digest', '66'.repeat(32))
    const before = readFileSync(at('held.json'), 'utf8')
    const refused = await release('sign', at('held.json'), '--key', at('developer.pem'), '--sha256', sha256)
    expect(refused).toMatchObject({ exitCode: 1, err: expect.stringContaining('cli.reviewed') })
    expect(readFileSync(at('held.json'), 'utf8')).toBe(before)
    await make('held.json')
    const signed = await release('sign', at('held.json'), '--key', at('developer.pem'), '--sha256', sha256)
    expect(signed).toMatchObject({ exitCode: 0, out: expect.stringContaining(sha256) })
  })

  it('signs what another key has signed only with the SHA-256 that was reviewed', async () => {
    const second = ['sign', at('manifest.json'), '--key', at('second.pem')]
    const before = readFileSync(at('manifest.json'), 'utf8')
    const refused = await release(...second)
    expect(refused.exitCode).toBe(2)
    for (const word of ['release countersign', '--sha256 HEX', key('developer')]) expect(refused.err).toContain(word)
    expect((await release(...second, '--sha256', '11'.repeat(32))).exitCode).toBe(1)
    expect(readFileSync(at('manifest.json'), 'utf8')).toBe(before)
    expect((await release(...second, '--sha256', await sha256Of('manifest.json'))).exitCode).toBe(0)
    expect(await signersOf('manifest.json')).toEqual([key('developer'), key('second')])
    // The author's own signature stands in nobody's way.
    await make('own.json')
    for (const _ of [1, 2])
      expect((await release('sign', at('own.json'), '--key', at('developer.pem'))).exitCode).toBe(0)
  })

  it('shows what make, status and key-set wrote, with the digest that show names', async () => {
    const successor = ['--key', `developer=${key('second')}`, '--threshold', 'developer=1', '--days', '365']
    const what = ['--previous', policy, ...successor]
    const said: Record<string, string> = {
      'm.json': (await make('m.json')).out,
      's.json': (await release('status', '--out', at('s.json'), '--revoke-release', 'ab'.repeat(32))).out,
      'k.json': (await release('key-set', '--out', at('k.json'), ...what)).out,
    }
    for (const [name, out] of Object.entries(said)) expect(out, name).toContain(await sha256Of(name))
    expect(said['m.json']).toContain('1a'.repeat(32))
    expect(said['s.json']).toContain('ab'.repeat(32))
    expect(said['k.json']).toContain(key('second'))
  })

  it('neither publishes nor packs with --policy what the policy has not enough signatures for', async () => {
    const log = ['--log', at('l'), '--origin', 'o', '--log-key', at('x'), '--witnesses', at('w'), '--proof', at('p')]
    const asked = [
      ['publish', at('manifest.json'), ...log, '--tool', 'true'],
      ['pack', '--out', at('packed'), '--manifest', at('manifest.json')],
    ]
    for (const args of asked) {
      const { exitCode, err } = await release(...args, '--policy', policy)
      expect([args[0], exitCode]).toEqual([args[0], 1])
      expect(err).toContain('auditor (0 of 1)')
    }
    await countersign('--sha256', await sha256Of('manifest.json'), '--policy', policy)
    for (const args of asked) expect((await release(...args, '--policy', policy)).exitCode, args[0]).toBe(0)
    const other = await release('publish', at('manifest.json'), ...log, '--tool', 'true', '--sha256', '11'.repeat(32))
    expect(other).toMatchObject({ exitCode: 1, err: expect.stringContaining('cli.reviewed') })
  })

  it('publishes nothing whose signature is wrong', async () => {
    const envelope = JSON.parse(readFileSync(at('manifest.json'), 'utf8')) as { signatures: { sig: string }[] }
    for (const signature of envelope.signatures) signature.sig = Buffer.alloc(64).toString('base64')
    writeFileSync(at('manifest.json'), JSON.stringify(envelope))
    const log = ['--log', at('l'), '--origin', 'o', '--log-key', at('x'), '--witnesses', at('w'), '--proof', at('p')]
    const { exitCode, err } = await release('publish', at('manifest.json'), ...log, '--tool', 'true')
    expect(exitCode).toBe(1)
    expect(err).toContain('WRONG')
  })

  it('judges shown signatures by a policy alone', async () => {
    expect((await release('show', at('manifest.json'))).exitCode).toBe(4)
    expect((await release('show', at('manifest.json'), '--policy', policy)).exitCode).toBe(1)
    await countersign('--sha256', await sha256Of('manifest.json'), '--policy', policy)
    const reviewed = ['--sha256', await sha256Of('manifest.json')]
    await release('sign', at('manifest.json'), '--key', at('mallory.pem'), ...reviewed)
    const { exitCode, out } = await release('show', at('manifest.json'), '--policy', policy)
    expect(exitCode).toBe(0)
    expect(out).toMatch(new RegExp(`good +${key('mallory')} +NOT a key of the policy`))
  })
})

const digest = '11'.repeat(32)
const image = `"imageDigest":"${digest}"`
const text = `{"name":"chat","version":1,"minVersion":1,"notBefore":1,"notAfter":2,"sourceCommit":"${digest}",${image},"machine":"q35","bank":"sha256","whole":[{"name":"whole","pcrs":{"0":"${digest}"}}]}`
/** Signs an envelope with this payload, byte by byte. */
const signPayload = async (payload: string | Buffer): ReturnType<typeof release> => {
  const envelope = {
    payloadType: 'application/vnd.blindllama.release.v1+json',
    payload: Buffer.from(payload).toString('base64'),
    signatures: [],
  }
  return release('sign', file('ambiguous.json', JSON.stringify(envelope)), '--key', at('developer.pem'))
}

describe('a document that reads in more than one way', () => {
  it('is signed by nobody', async () => {
    expect((await signPayload(text)).exitCode).toBe(0)
    for (const [what, payload] of [
      ['a member twice', text.replace('{', '{"imageDigest":"66",')],
      ['a member twice, once escaped', text.replace('{', '{"image\\u0044igest":"66",')],
      ['a number that is rounded', text.replace(image, '"imageDigest":9007199254740993')],
      ['a member with a strange name', text.replace('"name"', '"na\\u202eme"')],
      ['a text that is too long to be shown', text.replace('chat', 'x'.repeat(256))],
      ['bytes that are no UTF-8', Buffer.from(text.replace('chat', '\u00FF'), 'latin1')],
      ['a byte order mark', `\uFEFF${text}`],
      [
        'levels that no verifier reads',
        text.replace(image, `"imageDigest":${'['.repeat(90_000)}${']'.repeat(90_000)}`),
      ],
      ['a list', '[]'],
    ] as const) {
      const { exitCode, err } = await signPayload(payload)
      expect([what, exitCode]).toEqual([what, 3])
      expect(err).toContain('cli.release')
    }
  })
})
