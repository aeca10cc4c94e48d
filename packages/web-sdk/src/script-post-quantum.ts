import { KEM_MLKEM768_X25519 } from './post-quantum.js'

/*
 * Beside `script.ts`, for pages whose policy demands a post-quantum suite of every engine: a script with its own `integrity`,
 * because what a script loads by itself the page cannot pin.
 */
Object.assign(globalThis, { BlindLlamaPostQuantum: KEM_MLKEM768_X25519 })
