import { type Kem, senderOf } from './ohttp/kem.js'

/** MLKEM768-X25519 without WebCrypto, in a module of its own that is loaded now. */
export async function loadHybrid(): Promise<Kem> {
  const { KEM_MLKEM768_X25519 } = await import('./post-quantum.js')
  return senderOf(KEM_MLKEM768_X25519())
}
