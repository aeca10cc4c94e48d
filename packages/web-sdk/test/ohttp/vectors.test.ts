import { describe, expect, test } from 'vitest'
import { concat, fromHex, hex } from '../../src/bytes.js'
import { ResponseOpener } from '../../src/ohttp/open-response.js'
import { maxChunkPlaintext } from '../../src/ohttp/chunk-cipher.js'
import { encodeVarint } from '../../src/varint.js'
import { readerOf } from '../support/bytes.js'
import { aes128, fixedEphemeral, requestKeyOf } from '../support/channel-keys.js'
import { readEvidence } from '../support/evidence.js'
import { HpkeCoreGateway } from '../support/hpke-core-gateway.js'

interface Vectors {
  hdr: string
  skR: string
  enc: string
  requestChunks: { length: string; ct: string; aad: string }[]
  responseNonce: string
  responseChunks: { ct: string; aad: string }[]
  plaintextLengths: { request: number[]; response: number[] }
}

const vectors = readEvidence<Vectors>('chunked-ohttp-draft-08.json')
/** The sender's key of draft-ietf-ohai-chunked-ohttp-08, appendix A. */
const skE = fromHex('b26d565f3f875ed480d1abced3d665159650c99174fd0b124ac4bda0c64ae324')

if (vectors)
  describe('the vectors of draft-ietf-ohai-chunked-ohttp-08, appendix A', () => {
    const { hdr, skR, enc, requestChunks, responseNonce, responseChunks, plaintextLengths } = vectors
    const request = concat(
      fromHex(hdr),
      fromHex(enc),
      ...requestChunks.map(({ length, ct }) => concat(fromHex(length), fromHex(ct))),
    )

    test('the published request opens with an independent HPKE, so that its plaintext is known', async () => {
      const gateway = await HpkeCoreGateway.withPrivateKey(fromHex(skR), 1)
      const { chunks } = await gateway.open(request)
      expect(chunks.map(({ length }) => length)).toEqual(plaintextLengths.request)
    })

    test('sealing the same chunks with the published sender key gives the published bytes', async () => {
      const gateway = await HpkeCoreGateway.withPrivateKey(fromHex(skR), 1)
      const { chunks } = await gateway.open(request)
      const key = await requestKeyOf(gateway.config, aes128, fixedEphemeral(skE))
      const { header, cipher } = await key.setup()
      expect(hex(header)).toBe(hdr + enc)
      for (const [index, plaintext] of chunks.entries()) {
        const final = index === chunks.length - 1
        expect(hex(await cipher.seal(index, plaintext, final))).toBe(requestChunks[index]?.ct)
      }
    })

    test('the published response opens, in chunks of the published lengths', async () => {
      const gateway = await HpkeCoreGateway.withPrivateKey(fromHex(skR), 1)
      const key = await requestKeyOf(gateway.config, aes128, fixedEphemeral(skE))
      const response = concat(
        fromHex(responseNonce),
        ...responseChunks.map(({ ct, aad }) => concat(encodeVarint(aad === 'final' ? 0 : ct.length / 2), fromHex(ct))),
      )
      const opener = new ResponseOpener(await key.setup(), readerOf([response]))
      const lengths = []
      for (let plaintext = await opener.next(); plaintext; plaintext = await opener.next())
        lengths.push(plaintext.length)
      expect(lengths).toEqual(plaintextLengths.response)
    })
  })

test('a chunk carries what every peer accepts', () => {
  expect(maxChunkPlaintext).toBe(1 << 14)
})
