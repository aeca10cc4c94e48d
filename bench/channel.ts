import { type Bytes, utf8 } from '../packages/web-sdk/src/bytes.js'
import { loadHybrid } from '../packages/web-sdk/src/hybrid.js'
import { kemsFor } from '../packages/web-sdk/src/ohttp/kems.js'
import { nativeHybrids } from '../packages/web-sdk/src/ohttp/native-hybrid.js'
import { ResponseOpener } from '../packages/web-sdk/src/ohttp/open-response.js'
import { RequestKey } from '../packages/web-sdk/src/ohttp/request-key.js'
import { type SealedRequest, release, sealMessage, sealRequest } from '../packages/web-sdk/src/ohttp/seal-request.js'
import { KEM_MLKEM768_X25519 } from '../packages/web-sdk/src/ohttp/suite.js'
import { BareCipher, agree } from './bare.js'
import { arriving, createKey, sealResponse } from './gateway-side.js'
import { type Comparison, type Work, compare, ready } from './statistics.js'

/** By what was compared. */
export type ChannelResult = Record<string, Comparison>

const chunkLength = 16_384
/** Many short pairs: what a busy machine takes away falls on few of them. */
const sizes: readonly [name: string, bytes: number, pairs: number, repeat: number][] = [
  ['16 KB', 16 * 1024, 60, 20],
  ['1 MB', 1024 * 1024, 150, 1],
]

/**
 * Seals and opens messages, each against bare WebCrypto over the same chunks with as many in flight. Both begin with a key that
 * is there; what it costs to get one stands apart.
 */
export async function benchChannel(): Promise<ChannelResult> {
  const { key, publicKey } = await createKey()
  const bare = await BareCipher.create()

  const result: ChannelResult = {}
  for (const [name, length, pairs, repeat] of sizes) {
    result[`seal ${name}`] = await benchSeal(length, pairs, repeat)
    const message = new Uint8Array(length).fill(0x61)
    const { response } = await sealRequest(key, [message])
    const sealed = await sealResponse(response, [Uint8Array.of(0), ...chunksOf(message)])
    const chunks = await bare.seal(message)
    result[`open ${name}`] = await compare(
      async () => prepareOpening(response, sealed),
      ready(async () => bare.open(chunks)),
      pairs,
      repeat,
    )
  }
  result['set-up of a request, against one X25519 agreement'] = await compare(
    ready(async () => key.setup()),
    ready(async () => agree(publicKey)),
    60,
    20,
  )
  const { name, setup } = await hybridSetup()
  result[`set-up of a request, hybrid by ${name}, against one X25519 agreement`] = await compare(
    ready(setup),
    ready(async () => agree(publicKey)),
    30,
    5,
  )
  return result
}

/** Seals messages of `length` bytes, against bare WebCrypto over the same chunks. */
export async function benchSeal(length: number, pairs: number, repeat: number): Promise<Comparison> {
  const { key } = await createKey()
  const bare = await BareCipher.create()
  // One context for all: its nonces repeat, which only a bench may let happen.
  const { header, cipher } = await key.setup()
  const message = new Uint8Array(length).fill(0x61)
  return compare(
    ready(async () => release(await sealMessage(header, cipher, [message]))),
    ready(async () => bare.seal(message)),
    pairs,
    repeat,
  )
}

/** MLKEM768-X25519 as the engine has it under a policy that accepts nothing else. */
async function hybridSetup(): Promise<{ name: string; setup: Work }> {
  const kems = await kemsFor(utf8('{"suites":["mlkem768x25519-sha256-aes128gcm"]}'), loadHybrid)
  // A valid key that is nobody's: polynomials of zeros and the base point of X25519.
  const publicKey = new Uint8Array(1216)
  publicKey[1184] = 9
  const key = await RequestKey.import({ keyId: 1, kemId: KEM_MLKEM768_X25519, kdfId: 1, aeadId: 1, publicKey }, kems)
  return {
    name: nativeHybrids.some((kem) => kems.includes(kem)) ? 'WebCrypto' : 'code',
    setup: async () => key.setup(),
  }
}

function* chunksOf(message: Bytes): Generator<Bytes, void, void> {
  for (let offset = 0; offset < message.length; offset += chunkLength)
    yield message.subarray(offset, offset + chunkLength)
}

/** Opens the first chunk, one byte, and with it the key of the response; what is left to do is the message. */
async function prepareOpening(request: SealedRequest['response'], body: Bytes): Promise<Work> {
  // Nonce, length, a byte, its tag.
  const begin = 16 + 1 + 1 + 16
  const pieces = arriving(body.subarray(begin))
  const start = new EventTarget()
  const started = new Promise((resolve) => start.addEventListener('start', resolve))
  let reads = 0
  const opener = new ResponseOpener(request, async () => {
    reads += 1
    if (reads === 1) return body.subarray(0, begin)
    if (reads === 2) await started
    return pieces.next().value
  })
  await opener.next()
  return async () => {
    start.dispatchEvent(new Event('start'))
    let length = 0
    for (let plaintext = await opener.next(); plaintext; plaintext = await opener.next()) length += plaintext.length
    return length
  }
}
