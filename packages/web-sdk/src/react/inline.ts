'use client'

import { openClient } from '../connect.js'
import { origins } from '../origins-inline.js'
import { Sessions } from './sessions.js'
import { createUseBlindLlama, type UseBlindLlama } from './use-blindllama.js'

export type { UseBlindLlamaOptions } from './options.js'
export type { BlindLlamaState, UseBlindLlama } from './use-blindllama.js'

/**
 * `useBlindLlama` of `@blindllama/web-sdk/react` with the verifier inside the module, for bundlers that leave out the `.wasm`: nothing more
 * is fetched, at a third more bytes.
 */
export const useBlindLlama: UseBlindLlama = createUseBlindLlama(new Sessions((options) => openClient(options, origins)))
