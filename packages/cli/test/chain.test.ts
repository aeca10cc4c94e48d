import { createHash } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import type { Inspection } from '../src/inspect/report.js'
import { blindllama, file, vector } from './support/run.js'

const { evidence, nowMs } = vector('ok-chain')
let files: string[]
let root: string

beforeAll(async () => {
  const { out } = await blindllama('inspect', file('chain.cbor', Buffer.from(evidence, 'hex')), '--json')
  const chain = ((JSON.parse(out) as Inspection).chain ?? []).map((der) => Buffer.from(der, 'hex'))
  files = chain.map((der, index) => file(`${index}.der`, der))
  root = createHash('sha256')
    .update(chain.at(-1) ?? '')
    .digest('hex')
})

test('a chain that ends in the expected root is accepted, certificate by certificate', async () => {
  const { exitCode, out } = await blindllama('chain', ...files, '--root-sha256', root, '--at', String(nowMs))
  expect(exitCode).toBe(0)
  expect(out).toContain('ACCEPTED')
  expect(out).toContain(root)
})

test('a chain out of order, or at a time when it is not valid, is refused with a code', async () => {
  const at = ['--root-sha256', root, '--at', String(nowMs), '--json']
  const turned = await blindllama('chain', ...files.toReversed(), ...at)
  expect(turned.exitCode).toBe(1)
  expect(JSON.parse(turned.out)).toMatchObject({ verdict: 'reject', code: 'chain.root' })
  const late = await blindllama('chain', ...files, '--root-sha256', root, '--at', '2999-01-01T00:00:00Z', '--json')
  expect(JSON.parse(late.out)).toMatchObject({ verdict: 'reject', code: 'chain.expired' })
})

test('without the root that is expected nothing is decided, and the one that the chain brings along is not offered', async () => {
  const { exitCode, out, err } = await blindllama('chain', ...files)
  expect(exitCode).toBe(2)
  expect(err).toContain('--root-sha256')
  expect(out + err).not.toContain(root)
})

test('a file without a certificate is named', async () => {
  const { exitCode, err } = await blindllama('chain', file('empty.pem', 'nothing'), '--root-sha256', root)
  expect(exitCode).toBe(3)
  expect(err).toContain('neither DER nor a PEM certificate')
})
