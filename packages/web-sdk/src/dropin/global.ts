import type { BlindLlamaClient } from '../connect.js'
import type { BlindLlamaError } from '../errors.js'
import type { ConnectEvent } from '../events.js'
import type { ConnectOptions } from '../options.js'
import type { DropInClient, DropInOptions } from './client.js'
import type { ServerEvent } from './server-events.js'

export type { DropInClient, DropInOptions } from './client.js'
export type { PinnedPolicy } from './pinned-policy.js'
export type { ServerEvent } from './server-events.js'

/** As the attributes of the tag. */
export interface UpgradeOptions extends DropInOptions {
  /** Paths below `url` that are declared, as `/v1/`. Default: everything below `url`. */
  upgrade?: readonly string[]
}

/** What the drop-in script defines: `BlindLlama` of the page or of the worker. */
export interface BlindLlamaGlobal {
  readonly connect: <AllowSimulated extends boolean = false>(
    options: ConnectOptions<AllowSimulated>,
  ) => Promise<BlindLlamaClient<AllowSimulated>>
  readonly BlindLlamaError: typeof BlindLlamaError
  /** The client of the tag, where the tag has `data-url`. Where its attributes cannot be used, all calls reject with the reason. */
  readonly client: DropInClient | undefined
  /**
   * What `data-upgrade` does, for workers, which have no tag: `fetch` to the declared endpoints goes through the channel, and every other
   * way of this realm to them throws `dropin.unsupported_transport`.
   *
   * @example
   * ```js
   * importScripts('/blindllama.js')
   * BlindLlama.upgrade({ url: 'https://chat.example/', policy: '/policy.json', policyIntegrity: 'sha384-…', upgrade: ['/v1/'] })
   * ```
   *
   * @throws {BlindLlamaError} where an option cannot be used; requests to the declared endpoints, or all where these are unknown, then reject
   */
  readonly upgrade: (options: UpgradeOptions) => DropInClient
  /** The server-sent events of a response, each as soon as it is there. */
  readonly events: (response: Response) => AsyncGenerator<ServerEvent, void, undefined>
}

declare global {
  /** Defined by the drop-in script of `@blindllama/web-sdk`. */
  var BlindLlama: BlindLlamaGlobal
  interface WindowEventMap {
    /** What happens in the client of the tag. */
    blindllama: CustomEvent<ConnectEvent>
  }
}
