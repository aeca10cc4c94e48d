import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Staging, startStaging } from '../../../../services/staging/staging.ts'
import { base64url, concat, fromHex, u16 } from '../../src/bytes.js'
import { connectWith } from '../../src/connect.js'
import type { Policy } from '../../src/policy.js'
import type { AttestedKey } from '../../src/verdict.js'
import { anyBytes, anySplits, cut } from '../support/bytes.js'
import { GoClient } from '../support/go-peer.js'
import { origins } from '../support/wasm.js'

/** A model's server that answers with what it got, in pieces of the lengths of `x-splits`. */
async function echo(): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === '/v1/models') {
      response.end('{"data":[{"id":"echo"}]}')
      return
    }
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      response.writeHead(202, { 'content-type': String(request.headers['content-type']) })
      const splits = String(request.headers['x-splits']).split(',').map(Number)
      for (const piece of cut(Buffer.concat(parts), splits)) response.write(piece)
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

let upstream: Server
let staging: Staging
let page: string
let key: AttestedKey
const client = new GoClient()
beforeAll(async () => {
  upstream = await echo()
  page = await mkdtemp(join(tmpdir(), 'web-sdk-page-'))
  staging = await startStaging({
    upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
    page,
    gateway: { upstream: { fields: ['x-splits'] } },
  })
  const policy: Policy = { ...(JSON.parse(staging.policy) as Policy), suites: ['x25519-sha256-aes128gcm'] }
  const attested = await connectWith({ url: staging.url, policy, dangerouslyAllowSimulated: true }, origins)
  key = attested.verdict.key
  attested.close()
}, 120_000)
afterAll(async () => {
  client.close()
  await staging?.stop()
  upstream?.close()
  if (page) await rm(page, { recursive: true })
})

test.each([
  ['AES-128-GCM', 1],
  ['ChaCha20-Poly1305', 3],
])('a Go client with %s speaks to the attested gateway, however both are cut', async (_, aead) => {
  const publicKey = fromHex(key.publicKey)
  const config = concat(Uint8Array.of(key.keyId), u16(key.kemId), publicKey, u16(4), u16(key.kdfId), u16(aead))
  const types = fc.constantFrom('application/json', 'application/octet-stream')
  await fc.assert(
    fc.asyncProperty(
      anyBytes(120_000),
      anySplits,
      anySplits,
      fc.integer({ min: 2, max: 16_384 }),
      types,
      async (body, splits, theirs, chunkLength, type) => {
        const answer = await client.send({
          url: new URL(`blindllama/v1/o/${key.instance}`, staging.url).href,
          config,
          path: '/v1/chat/completions',
          fields: {
            date: new Date().toUTCString(),
            'idempotency-key': base64url(crypto.getRandomValues(new Uint8Array(16))),
            'content-type': type,
            'x-splits': theirs.join(','),
          },
          body,
          splits,
          chunkLength,
        })
        expect(answer.status).toBe(202)
        expect(answer.fields['Content-Type']).toEqual([type])
        expect(Buffer.compare(answer.body, body)).toBe(0)
      },
    ),
    { numRuns: 20 },
  )
})
