import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { file } from './support/run.js'
import { at, keygen, make, policyWith, release, sha256Of } from './support/signing.js'

const hash = (...parts: readonly Uint8Array[]): Buffer =>
  parts.reduce((sum, part) => sum.update(part), createHash('sha256')).digest()
const leaf = (entry: Uint8Array): Buffer => hash(Uint8Array.of(0), entry)
const node = (left: Uint8Array, right: Uint8Array): Buffer => hash(Uint8Array.of(1), left, right)

/** What PROTOCOL.md §19.6 says an entry is, from the envelope alone. */
function entryOf(name: string): Buffer {
  const { payloadType, payload, signatures } = JSON.parse(readFileSync(at(name), 'utf8')) as {
    payloadType: string
    payload: string
    signatures: { keyid: string; sig: string }[]
  }
  const text = Buffer.from(payload, 'base64')
  const signed = signatures.map(({ keyid, sig }) =>
    Buffer.concat([Buffer.from(keyid, 'hex'), Buffer.from(sig, 'base64')]),
  )
  return Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${text.length} `), text, ...signed])
}

/** The proofs of a tree of three entries (RFC 9162 §2.1.3.3), without signatures that anybody would check here. */
function proofs(names: readonly [string, string, string]): string[] {
  const [a, b, c] = names.map((name) => leaf(entryOf(name))) as [Buffer, Buffer, Buffer]
  const root = node(node(a, b), c).toString('base64')
  const paths = [[b, c], [a, c], [node(a, b)]]
  return paths.map((path, index) =>
    file(
      `proof-${index}`,
      `c2sp.org/tlog-proof@v1\nindex ${index}\n${path.map((each) => `${each.toString('base64')}\n`).join('')}\nlog.example\n3\n${root}\n\n— log.example AAAAAAA=\n`,
    ),
  )
}

const names = ['logged.json', 'logged-keys.json', 'logged-status.json'] as const
let policy: string

beforeAll(async () => {
  const [first, next] = [await keygen('first'), await keygen('next')]
  policy = policyWith('log.policy', { keys: [{ key: first, role: 'developer' }], threshold: { developer: 1 } })
  await make(names[0])
  const set = ['--key', `developer=${next}`, '--threshold', 'developer=1', '--days', '365']
  await release('key-set', '--out', at(names[1]), '--previous', policy, ...set)
  await release('status', '--out', at(names[2]))
  for (const name of names) await release('sign', at(name), '--key', at('first.pem'))
})

describe('release publish', () => {
  it.each(names)('puts %s into the log with its signatures', async (name) => {
    const program = file(
      'keeps-entry',
      '#!/bin/sh\nwhile [ $# -gt 0 ]; do [ "$1" = --entry ] && cp "$2" "$0.entry"; shift; done\n',
    )
    await promisify(execFile)('chmod', ['+x', program])
    const log = ['--log', at('l'), '--origin', 'o', '--log-key', at('x'), '--witnesses', at('w'), '--proof', at('p')]
    const ran = await release('publish', at(name), ...log, '--tool', program, '--policy', policy)
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
    expect(readFileSync(`${program}.entry`).equals(entryOf(name))).toBe(true)
  })
})

async function pack(out: string, ...proofFiles: readonly string[]): ReturnType<typeof release> {
  const documents = ['--manifest', at(names[0]), '--key-set', at(names[1]), '--status', at(names[2])]
  return release('pack', '--out', at(out), ...documents, ...proofFiles.flatMap((proof) => ['--proof', proof]))
}

/** `signed` 2 (PROTOCOL.md §19.1): a byte string of less than 256 bytes. */
function member(proof: string): Buffer {
  const bytes = readFileSync(proof)
  return Buffer.concat([Buffer.of(0x02, 0x58, bytes.length), bytes])
}

describe('release pack', () => {
  it('sends each proof with the document that it proves, in whatever order they are named', async () => {
    const files = proofs(names)
    expect((await pack('packed', ...files.toReversed())).exitCode).toBe(0)
    const [manifest, keys, status] = files.map(member) as [Buffer, Buffer, Buffer]
    const [releaseFile, statusFile] = ['release.cbor', 'status.cbor'].map((name) => readFileSync(at(`packed/${name}`)))
    expect(releaseFile?.includes(manifest)).toBe(true)
    expect(releaseFile?.includes(keys)).toBe(true)
    expect(releaseFile?.includes(status)).toBe(false)
    expect(statusFile?.includes(status)).toBe(true)
  })

  it('refuses a proof of a document that somebody signed afterwards', async () => {
    const files = proofs(names)
    await release('sign', at(names[2]), '--key', at('next.pem'), '--sha256', await sha256Of(names[2]))
    const { exitCode, err } = await pack('late', ...files)
    expect(exitCode).toBe(3)
    expect(err).toContain('proof-2 proves none of these documents')
    expect(existsSync(at('late'))).toBe(false)
  })

  it('refuses a file that is no proof', async () => {
    const { exitCode, err } = await pack('none', file('no-proof', 'index 0\n'))
    expect(exitCode).toBe(3)
    expect(err).toContain('is not a C2SP tlog-proof')
  })
})
