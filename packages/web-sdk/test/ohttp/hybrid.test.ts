import { readFile } from 'node:fs/promises'
import { XWing } from '@hpke/hybridkem-x-wing'
import { KEM_MLKEM768_X25519 } from '@panva/hpke-noble'
import * as fc from 'fast-check'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Bytes, concat, fromHex, hex, utf8 } from '../../src/bytes.js'
import { loadHybrid } from '../../src/hybrid.js'
import { kemsFor } from '../../src/ohttp/kems.js'
import { ResponseOpener } from '../../src/ohttp/open-response.js'
import { sealRequest } from '../../src/ohttp/seal-request.js'
import { anyBytes, bytesOf, readerOf } from '../support/bytes.js'
import { aes128, aes256, requestKeyOf } from '../support/channel-keys.js'
import { HpkeCoreGateway } from '../support/hpke-core-gateway.js'
import { Peer } from '../support/peer.js'

const peer = new Peer()
afterAll(() => peer.close())
afterEach(() => void vi.restoreAllMocks())

const kem = KEM_MLKEM768_X25519()
/** What engines without ML-KEM load, and what this one has itself, as Node.js 24 has it. */
const native = (await kemsFor(utf8('{}'), loadHybrid)).filter(({ id }) => id === kem.id)
const senders = [
  ['code that is loaded', await loadHybrid()],
  ...native.map((sender) => ['WebCrypto', sender] as const),
] as const

/** Randomness that gives `bytes` and then no more. */
function fixedRandomness(bytes: Bytes): void {
  let taken = 0
  vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => {
    const length = array?.byteLength ?? 0
    if (taken + length > bytes.length) throw new RangeError('more randomness than the vector has')
    new Uint8Array(array?.buffer ?? new ArrayBuffer(), array?.byteOffset).set(bytes.subarray(taken, taken + length))
    taken += length
    return array
  })
}

/** The same file that the gateway is checked with: one draft for both ends of the channel (PROTOCOL.md §10). */
const vector = JSON.parse(
  await readFile(new URL('../../../gateway/src/ohttp/hpke/mlkem768-x25519.json', import.meta.url), 'utf8'),
) as Record<'source' | 'ikmR' | 'ikmE' | 'skRm' | 'pkRm' | 'enc' | 'shared_secret', string>

describe('the published vector of draft-ietf-hpke-pq-04 for MLKEM768-X25519 and HKDF-SHA256', () => {
  test('its key is derived, and its randomness encapsulates to its bytes and its secret', async () => {
    expect(vector.source).toContain('draft-ietf-hpke-pq-04')
    const recipient = await kem.DeriveKeyPair(fromHex(vector.ikmR), true)
    expect(hex(await kem.SerializePrivateKey(recipient.privateKey))).toBe(vector.skRm)
    const publicKey = await kem.SerializePublicKey(recipient.publicKey)
    expect(hex(publicKey)).toBe(vector.pkRm)

    fixedRandomness(fromHex(vector.ikmE))
    const { enc, shared_secret: secret } = await kem.Encap(await kem.DeserializePublicKey(publicKey))
    expect([hex(enc), hex(secret)]).toEqual([vector.enc, vector.shared_secret])

    const peerKem = new XWing()
    const recipientKey = await peerKem.deserializePrivateKey(fromHex(vector.skRm).buffer)
    const opened = await peerKem.decap({ recipientKey, enc: new Uint8Array(enc).buffer })
    expect(hex(new Uint8Array(opened))).toBe(vector.shared_secret)
  })
})

async function openAll(opener: ResponseOpener): Promise<Bytes> {
  const opened: Bytes[] = []
  for (let plaintext = await opener.next(); plaintext; plaintext = await opener.next()) opened.push(plaintext)
  return concat(...opened)
}

describe.each(senders)('MLKEM768-X25519 by %s', (_, sender) => {
  test('the Rust crate ohttp opens what we seal to its hybrid key, and we open what it answers', async () => {
    const { key, config } = await peer.serverKey(5, true)
    const requestKey = await requestKeyOf(config, aes128, sender)
    await fc.assert(
      fc.asyncProperty(anyBytes(40_000), anyBytes(16_384), async (request, answer) => {
        const sealed = await sealRequest(requestKey, [request])
        const opened = await peer.serverOpen(key, await bytesOf(sealed.body), [4096])
        expect(opened.plaintext).toEqual(request)
        const chunk = answer.length > 0 ? await peer.serverSeal(opened.session, answer) : new Uint8Array()
        const body = concat(chunk, await peer.serverFinish(opened.session))
        expect(await openAll(new ResponseOpener(sealed.response, readerOf([body])))).toEqual(answer)
      }),
      { numRuns: 10 },
    )
  })

  test.each([
    ['AES-128-GCM', 1, aes128],
    ['AES-256-GCM', 2, aes256],
  ] as const)(
    '@hpke/core with X-Wing and %s opens what we seal, and we open what it answers',
    async (_name, aead, suite) => {
      const gateway = await HpkeCoreGateway.create(aead, new XWing())
      const sealed = await sealRequest(await requestKeyOf(gateway.config, suite, sender), [utf8('hello')])
      const { chunks, respond } = await gateway.open(await bytesOf(sealed.body))
      expect(chunks).toEqual([utf8('hello')])
      const { body } = await respond([utf8('hi'), new Uint8Array()])
      expect(await openAll(new ResponseOpener(sealed.response, readerOf([body])))).toEqual(utf8('hi'))
    },
  )
})

describe('an engine without ML-KEM', () => {
  beforeEach(() => {
    // What such an engine says, also where the tests run on one that has it.
    const importKey = crypto.subtle.importKey.bind(crypto.subtle) as (...args: unknown[]) => Promise<CryptoKey>
    vi.spyOn(crypto.subtle, 'importKey').mockImplementation(async (...args: unknown[]) => {
      if (/ML-?KEM/.test(String(args[2]))) throw new DOMException('Unrecognized name', 'NotSupportedError')
      return importKey(...args)
    })
  })

  test.each([
    ['names no suites', {}],
    ['accepts another suite too', { suites: ['mlkem768x25519-sha256-aes128gcm', 'x25519-sha256-aes128gcm'] }],
    ['is no JSON', '{"suites":["mlkem768x25519-sha256-aes128gcm"]'],
    ['has suites that are no list', { suites: 'mlkem768x25519-sha256-aes128gcm' }],
  ])('loads nothing where the policy %s', async (_, policy) => {
    const load = vi.fn<typeof loadHybrid>()
    const kems = await kemsFor(utf8(typeof policy === 'string' ? policy : JSON.stringify(policy)), load)
    expect(kems.map(({ id }) => id)).toEqual([0x20])
    expect(load).not.toHaveBeenCalled()
  })

  const hybridOnly = utf8('{"suites":["mlkem768x25519-sha256-aes128gcm","mlkem768x25519-sha256-aes256gcm"]}')

  test('loads what it lacks where the policy accepts nothing else', async () => {
    const kems = await kemsFor(hybridOnly, loadHybrid)
    expect(kems.map(({ id }) => id)).toEqual([0x20, 0x647a])
  })

  test('says so where that cannot be loaded', async () => {
    const load = vi.fn<typeof loadHybrid>().mockRejectedValue(new TypeError('404'))
    await expect(kemsFor(hybridOnly, load)).rejects.toMatchObject({ code: 'client.post_quantum' })
  })

  test('says so where it does not come in time, and leaves with its caller', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const load = vi.fn<typeof loadHybrid>(() => {
        void vi.advanceTimersByTimeAsync(30_000)
        return new Promise(() => {})
      })
      await expect(kemsFor(hybridOnly, load)).rejects.toMatchObject({ code: 'client.post_quantum' })
    } finally {
      vi.useRealTimers()
    }
    const leave = new AbortController()
    const left = kemsFor(hybridOnly, () => (leave.abort(new Error('left')), new Promise(() => {})), leave.signal)
    await expect(left).rejects.toThrow('left')
  })
})
