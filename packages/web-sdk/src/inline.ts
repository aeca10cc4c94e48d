import { type BlindLlamaClient, connectWith } from './connect.js'
import type { ConnectOptions } from './options.js'
import { origins } from './origins-inline.js'

export * from './public.js'

/**
 * Proves which software answers at `options.url` and returns a client that talks to exactly that software.
 *
 * ```ts
 * const client = await connect({ url: 'https://chat.example/', policy })
 * const openai = new OpenAI({ baseURL: 'https://chat.example/v1', apiKey, fetch: client.fetch })
 * ```
 *
 * The verifier is part of this module: nothing more is fetched, at a third more bytes.
 *
 * @throws {BlindLlamaError} with the code of what could not be proved, and with the report where the verifier decided.
 */
export function connect<AllowSimulated extends boolean = false>(
  options: ConnectOptions<AllowSimulated>,
): Promise<BlindLlamaClient<AllowSimulated>> {
  return connectWith(options, origins)
}
