import { openAsBlob } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { type Bytes, concat, utf8 } from '../../src/bytes.js'
import { ResponseOpener } from '../../src/ohttp/open-response.js'
import { type SealedRequest, release, sealRequest } from '../../src/ohttp/seal-request.js'
import { anyBytes, anySplits, bytesOf, cut, pattern, readerOf } from '../support/bytes.js'
import { aes128, aes256, requestKeyOf } from '../support/channel-keys.js'
import { HpkeCoreGateway } from '../support/hpke-core-gateway.js'
import { Peer } from '../support/peer.js'

const peer = new Peer()
afterAll(() => peer.close())

async function openAll(request: SealedRequest['response'], body: Bytes, splits: readonly number[]): Promise<Bytes> {
  const opener = new ResponseOpener(request, readerOf(cut(body, splits)))
  const opened: Bytes[] = []
  for (let plaintext = await opener.next(); plaintext; plaintext = await opener.next()) opened.push(plaintext)
  return concat(...opened)
}

describe('with the Rust crate ohttp', () => {
  test('it opens what we seal and we open what it seals, however both are cut', async () => {
    const { key, config } = await peer.serverKey(7)
    const requestKey = await requestKeyOf(config)
    await fc.assert(
      fc.asyncProperty(
        anyBytes(60_000),
        anyBytes(60_000),
        anySplits,
        anySplits,
        async (request, answer, ours, theirs) => {
          const sealed = await sealRequest(requestKey, cut(request, ours))
          const opened = await peer.serverOpen(key, await bytesOf(await bytesOf(sealed.body)), theirs)
          expect(opened.plaintext).toEqual(request)

          const chunks: Bytes[] = []
          // The crate writes at most 16 KiB at a time; its sink counts on the caller for the rest.
          for (const chunk of cut(answer, theirs)) chunks.push(await peer.serverSeal(opened.session, chunk))
          const body = concat(...chunks, await peer.serverFinish(opened.session))
          expect(await openAll(sealed.response, body, ours)).toEqual(answer)
        },
      ),
      { numRuns: 25 },
    )
  })

  test('a Blob is sealed like its bytes, with what stands before and behind it', async () => {
    const { key, config } = await peer.serverKey(8)
    const bytes = pattern(3_000_000)
    const pieces = [utf8('before'), new Blob([bytes]), utf8('behind')]
    const { body } = await sealRequest(await requestKeyOf(config), pieces)
    const opened = await peer.serverOpen(key, await bytesOf(body), [65_536])
    // Not `toEqual`, which looks at each of the three million bytes by itself.
    expect(Buffer.compare(opened.plaintext, concat(utf8('before'), bytes, utf8('behind')))).toBe(0)
  })

  test.each([1_048_575, 1_048_576, 1_048_577, 2_097_152, 2_097_153])(
    'a message of %d bytes is sealed window by window, and each is told',
    async (length) => {
      const { key, config } = await peer.serverKey(9)
      const bytes = pattern(length)
      const told: number[] = []
      const onProgress = (sealed: number, total: number): void => {
        expect(total).toBe(length)
        told.push(sealed)
      }
      const { body } = await sealRequest(await requestKeyOf(config), [bytes], { onProgress })
      expect(told).toEqual([1_048_576, 2_097_152, 3_145_728].map((end) => Math.min(end, length)).slice(0, told.length))
      expect(told.at(-1)).toBe(length)
      const { plaintext } = await peer.serverOpen(key, await bytesOf(body), [65_536])
      expect(Buffer.compare(plaintext, bytes)).toBe(0)
    },
  )

  test('the plaintext of a file is read once, a window at a time', async () => {
    const { config } = await peer.serverKey(9)
    const key = await requestKeyOf(config)
    const reading = vi.spyOn(Blob.prototype, 'arrayBuffer')
    try {
      await sealRequest(key, [new Blob([pattern(5_000_000)]), new Uint8Array(1)])
      const sizes = reading.mock.contexts.map((part) => (part as Blob).size)
      expect(sizes).toEqual([1_048_576, 1_048_576, 1_048_576, 1_048_576, 5_000_000 - 4 * 1_048_576])
    } finally {
      reading.mockRestore()
    }
  })

  test('as its gateway we open what its client seals', async () => {
    const gateway = await HpkeCoreGateway.create(1)
    const chunks = [utf8('first'), pattern(16_384), utf8('last')]
    const sealed = await peer.clientSeal(gateway.config, chunks)
    const opened = await gateway.open(await bytesOf(sealed.body))
    expect(concat(...opened.chunks)).toEqual(concat(...chunks))
    const answer = await opened.respond([utf8('one'), utf8('two'), new Uint8Array()])
    expect(await peer.clientOpen(sealed.session, answer.body, [1])).toEqual(utf8('onetwo'))
  })
})

describe.each([
  ['AES-128-GCM', 1, aes128],
  ['AES-256-GCM', 2, aes256],
] as const)('with @hpke/core, %s', (_, aead, suite) => {
  test('it opens what we seal and we open what it seals', async () => {
    const gateway = await HpkeCoreGateway.create(aead)
    const key = await requestKeyOf(gateway.config, suite)
    await fc.assert(
      fc.asyncProperty(
        anyBytes(40_000),
        anyBytes(16_384),
        anyBytes(16_384),
        anySplits,
        async (request, one, two, splits) => {
          const sealed = await sealRequest(key, [request])
          const opened = await gateway.open(await bytesOf(sealed.body))
          expect(concat(...opened.chunks)).toEqual(request)
          const parts = [one, two].filter(({ length }) => length > 0)
          const answer = await opened.respond([...parts, new Uint8Array()])
          expect(await openAll(sealed.response, answer.body, splits)).toEqual(concat(one, two))
        },
      ),
      { numRuns: 20 },
    )
  })
})

test('fills every chunk but the last, and the last is final', async () => {
  const gateway = await HpkeCoreGateway.create(1)
  const key = await requestKeyOf(gateway.config)
  for (const length of [0, 1, 16_384, 16_385, 32_768, 32_769]) {
    const { body } = await sealRequest(key, [pattern(length)])
    const lengths = (await gateway.open(await bytesOf(body))).chunks.map((chunk) => chunk.length)
    expect(lengths.slice(0, -1).every((chunk) => chunk === 16_384)).toBe(true)
    expect(lengths.reduce((sum, chunk) => sum + chunk, 0)).toBe(length)
  }
})

test('no two requests share an encapsulated key or a ciphertext', async () => {
  const gateway = await HpkeCoreGateway.create(1)
  const key = await requestKeyOf(gateway.config)
  const [one, two] = await Promise.all([sealRequest(key, [pattern(100)]), sealRequest(key, [pattern(100)])])
  const [first, second] = [await bytesOf(one.body), await bytesOf(two.body)]
  expect(first.slice(7, 39)).not.toEqual(second.slice(7, 39))
  expect(first.slice(40)).not.toEqual(second.slice(40))
})

test('memory of a request that was sent is used again, and of one that was not sent it is not', async () => {
  const gateway = await HpkeCoreGateway.create(1)
  const key = await requestKeyOf(gateway.config)
  const [one, two] = [pattern(900_000), pattern(300_000).toReversed()]
  const sent = await sealRequest(key, [one])
  const waiting = await sealRequest(key, [two])
  const before = (await bytesOf(sent.body)).slice()
  release(sent.body)
  const next = await sealRequest(key, [one])
  expect(Buffer.compare(await bytesOf(sent.body), before)).not.toBe(0)
  for (const [{ body }, text] of [
    [waiting, two],
    [next, one],
  ] as const)
    expect(Buffer.compare(concat(...(await gateway.open(await bytesOf(body))).chunks), text)).toBe(0)
})

test('stops sealing with the reason of the signal', async () => {
  const gateway = await HpkeCoreGateway.create(1)
  const stop = new AbortController()
  const sealing = sealRequest(await requestKeyOf(gateway.config), [new Blob([pattern(20_000_000)])], {
    signal: stop.signal,
  })
  stop.abort(new Error('enough'))
  await expect(sealing).rejects.toThrow('enough')
})

test('a file that changes while it is sealed ends in one code', async () => {
  const key = await requestKeyOf((await HpkeCoreGateway.create(1)).config)
  const folder = await mkdtemp(join(tmpdir(), 'web-sdk-file-'))
  const path = join(folder, 'upload')
  await writeFile(path, pattern(2_000_000))
  const file = await openAsBlob(path)
  await writeFile(path, pattern(10))
  await expect(sealRequest(key, [file])).rejects.toMatchObject({ code: 'request.body' })
  await rm(folder, { recursive: true })
})
