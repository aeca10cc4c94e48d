import type { Bytes } from '../packages/web-sdk/src/bytes.js'

/** As the channel cuts them (docs/PROTOCOL.md §10) and keeps them in flight. */
const chunkLength = 16_384
const inFlight = 16

/** AES-128-GCM as WebCrypto has it, over chunks of the channel's length, as many at a time as the channel keeps in flight. */
export class BareCipher {
  readonly #key: CryptoKey

  constructor(key: CryptoKey) {
    this.#key = key
  }

  static async create(): Promise<BareCipher> {
    const algorithm = { name: 'AES-GCM', length: 128 }
    return new BareCipher(await crypto.subtle.generateKey(algorithm, false, ['encrypt', 'decrypt']))
  }

  async seal(message: Bytes): Promise<Bytes[]> {
    return this.#each(cut(message), async (chunk, iv) =>
      crypto.subtle.encrypt({ name: 'AES-GCM', iv }, this.#key, chunk),
    )
  }

  async open(chunks: readonly Bytes[]): Promise<Bytes[]> {
    return this.#each(chunks, async (chunk, iv) => crypto.subtle.decrypt({ name: 'AES-GCM', iv }, this.#key, chunk))
  }

  async #each(chunks: readonly Bytes[], work: (chunk: Bytes, iv: Bytes) => Promise<ArrayBuffer>): Promise<Bytes[]> {
    const done: Bytes[] = []
    const pending: Promise<ArrayBuffer>[] = []
    const settle = async (): Promise<void> => {
      const oldest = await pending.shift()
      if (oldest) done.push(new Uint8Array(oldest))
    }
    for (const [index, chunk] of chunks.entries()) {
      const iv = new Uint8Array(12)
      new DataView(iv.buffer).setUint32(8, index)
      pending.push(work(chunk, iv))
      if (pending.length === inFlight) await settle()
    }
    while (pending.length > 0) await settle()
    return done
  }
}

function cut(message: Bytes): Bytes[] {
  const count = Math.max(1, Math.ceil(message.length / chunkLength))
  return Array.from({ length: count }, (_, index) => message.subarray(index * chunkLength, (index + 1) * chunkLength))
}

/** One X25519 agreement with a fresh key: what any message to a public key costs before its first byte. */
export async function agree(publicKey: CryptoKey): Promise<ArrayBuffer> {
  const { privateKey } = await generateKey(false)
  return crypto.subtle.deriveBits({ name: 'X25519', public: publicKey }, privateKey, 256)
}

/** An X25519 key pair; once more where WebKitGTK fails, as it does about once in 400 times. */
export async function generateKey(extractable: boolean, attempts = 4): Promise<CryptoKeyPair> {
  try {
    return (await crypto.subtle.generateKey('X25519', extractable, ['deriveBits'])) as CryptoKeyPair
  } catch (error) {
    if (attempts === 1) throw error
    return generateKey(extractable, attempts - 1)
  }
}
