import { createHash, createPublicKey, verify } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { publicHex, readKey } from '../src/release/keys.js'
import { file, folder, inProcess } from './support/run.js'

const challenge = Buffer.alloc(32, 7)
const lengthPrefixed = (part: Uint8Array): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(part.length)
  return Buffer.concat([length, part])
}

/** A gateway that gives out a challenge and answers POSTs in this order; it keeps what came. That a real one takes it, services/staging/test/operation.test.ts shows. */
async function gateway(
  ...answers: [status: number, body: object][]
): Promise<{ url: string; came: { fields: IncomingMessage['headers']; body: Buffer }[] }> {
  const came: { fields: IncomingMessage['headers']; body: Buffer }[] = []
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
    const isPost = request.method === 'POST'
    if (isPost) came.push({ fields: request.headers, body: Buffer.concat(parts) })
    const first = { version: 1, challenge: challenge.toString('base64url') }
    const [status, body] = isPost ? (answers.shift() ?? [500, {}]) : [200, first]
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  onTestFinished(() => void server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, came }
}

async function keyFile(name: string): Promise<string> {
  const path = `${folder}/${name}`
  expect((await inProcess('release', 'keygen', path)).exitCode).toBe(0)
  return path
}

const hashes = (...keys: string[]): string[] => keys.map((key) => createHash('sha256').update(key).digest('hex'))

it('signs the digest of what it sends, over the challenge', async () => {
  const key = await keyFile('operator.pem')
  const { url, came } = await gateway([200, { version: 1 }])
  const [one, two] = hashes('one', 'two')
  const list = file('keys.txt', `# of the week\n${one}\n\n${two}\r\n`)
  const status = file('status.cbor', Uint8Array.of(1, 2, 3))
  const ran = await inProcess('operate', 'push', url, '--key', key, '--access-keys', list, '--status', status)
  expect(ran).toMatchObject({ exitCode: 0 })
  expect(ran.out).toContain('status, 2 access keys')
  expect(ran.out).toContain('A restart brings back the keys of the file')
  const [request] = came
  const body = request?.body ?? Buffer.alloc(0)
  expect(JSON.parse(body.toString())).toEqual({
    version: 1,
    audience: new URL(url).origin,
    status: 'AQID',
    accessKeys: [one, two],
  })
  const field = Buffer.from(String(request?.fields['blindllama-operator']), 'base64url')
  const publicKey = Buffer.from(publicHex(await readKey(key)), 'hex')
  const digest = createHash('sha256').update(body).digest()
  expect(field.subarray(0, 96)).toEqual(Buffer.concat([challenge, publicKey, digest]))
  const signed = Buffer.concat([Buffer.from('blindllama/operate/v1'), challenge, digest].map(lengthPrefixed))
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey])
  const verifier = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  expect(verify(null, signed, verifier, field.subarray(96))).toBe(true)
})

it('tells the fault of a document, and asks again where another operator took its challenge', async () => {
  const key = await keyFile('operator-2.pem')
  const status = file('status.cbor', Uint8Array.of(1))
  const push = async (url: string): Promise<Record<string, unknown>> =>
    JSON.parse((await inProcess('operate', 'push', url, '--key', key, '--status', status, '--json')).out)
  const older = { code: 'operate.older', title: 'Older', detail: 'status: its date is 1, and 2 is shown' }
  const taken = { code: 'operate.challenge', title: 'Taken' }
  const refused = await gateway([403, taken], [409, older])
  expect(await push(refused.url)).toEqual({
    result: 'error',
    code: 'operate.older',
    detail: 'The gateway changed nothing: Older (status: its date is 1, and 2 is shown)',
  })
  expect(refused.came).toHaveLength(2)
  const busy = await gateway([403, taken], [403, taken], [403, taken])
  expect(await push(busy.url)).toMatchObject({ code: 'operate.challenge' })
  const other = await gateway([404, { code: 'request.not_found' }])
  expect((await push(other.url))['detail']).toContain('operator.keys')
  const speechless = await gateway([503, { code: 'operate.busy', title: { toString: 1 }, detail: 7 }])
  expect(await push(speechless.url)).toMatchObject({
    code: 'operate.busy',
    detail: 'The gateway changed nothing: it does not say why',
  })
  const strange = await gateway([200, { version: 2 }])
  expect(await push(strange.url)).toMatchObject({ code: 'evidence.status' })
})

it('sends no list of keys that is empty, or that holds something else than hashes', async () => {
  const key = await keyFile('operator-3.pem')
  const { url, came } = await gateway()
  const [one] = hashes('one')
  for (const [content, fault] of [
    ['# nothing\n', 'has no hash'],
    ['sk-secret-key\n', 'line 1 is not a SHA-256'],
    [`${one}\n${String(one).toUpperCase()}\n`, 'line 2 is not a SHA-256'],
    [`${one}\n${one}\n`, 'line 2 is there twice'],
    [`${one}  -\n`, 'line 1 is not a SHA-256'],
    [Array.from({ length: 4097 }, (_, number) => number.toString(16).padStart(64, '0')).join('\n'), 'more than 4096'],
  ] as const) {
    const ran = await inProcess('operate', 'push', url, '--key', key, '--access-keys', file('keys.txt', content))
    expect(ran).toMatchObject({ exitCode: 3 })
    expect(ran.err).toContain(fault)
    expect(ran.err).not.toContain('sk-secret-key')
  }
  const large = file('large.cbor', Buffer.alloc(800_000))
  const ran = await inProcess('operate', 'push', url, '--key', key, '--release', large)
  expect(ran.err).toContain('(cli.size)')
  for (const args of [
    ['push', url],
    ['push', url, '--key', key],
    ['pull', url, '--key', key, '--status', large],
  ])
    expect((await inProcess('operate', ...args)).exitCode).toBe(2)
  expect(came).toEqual([])
})
