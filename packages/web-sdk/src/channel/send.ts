import { BlindLlamaError } from '../errors.js'
import { discard } from '../outer-fetch.js'
import { type Transport, attempt } from './attempt.js'
import type { ChannelKey, KeySource } from './channel-key.js'
import { type InnerRequest, randomKey } from './inner-request.js'
import { type Resend, isRepeatable, readsOnly } from './resend.js'

/**
 * Sends `request`, again where it was not run for certain: once with another date when the gateway's clock disagreed, once
 * when the time of the key ended before anything was sent. After a sign that the gateway is gone it asks for one other key,
 * and sends again, once, what `allowed` names (PROTOCOL.md §10.1).
 *
 * Signs are not authenticated: the gateway may have run the request. Whatever fails after one ends in `request.unknown_fate`
 * with its cause, and the caller does not take it for a request that was never sent.
 *
 * @param resending hears, before it is sent again, why
 */
export async function send<Key extends ChannelKey>(
  request: InnerRequest,
  keys: KeySource<Key>,
  transport: Transport,
  allowed: Resend,
  resending: (error: BlindLlamaError) => void,
): Promise<Response> {
  const { signal } = request
  let key = await keys.current(signal)
  let sign: BlindLlamaError | undefined
  let keyExpired = false
  let dateCorrected = false
  let renamed = request.keyIsCallers
  /** What the caller has already, without content. */
  let shown: Response | undefined

  const mayRepeat = async (): Promise<boolean> =>
    allowed === 'always' || (allowed === 'repeatable' && (await isRepeatable(request)))

  const use = async (other: Promise<Key>): Promise<void> => {
    const fresh = await other
    if (sign && fresh.instance !== key.instance && !(await mayRepeat())) throw sign
    key = fresh
  }

  /** Returns once the request may be sent again, to another key. */
  const heed = async (seen: BlindLlamaError): Promise<void> => {
    if (sign) throw seen
    sign = seen
    const unknown = seen.code === 'channel.key_unknown'
    const other = keys.replace(key, unknown ? 'key-unknown' : 'gone', signal)
    // It goes on without a request that is not sent again.
    other.catch(() => {})
    if (!(unknown && allowed !== 'never') && !(await mayRepeat())) throw seen
    await use(other)
    resending(seen)
  }

  const silent = (): void => keys.suspect?.(key)

  const run = async (): Promise<Response> => {
    for (;;) {
      const outcome = await attempt(request, key, { ...transport, silent }, { shown, instead })
      if (outcome.kind === 'key-expired') {
        if (keyExpired) throw new BlindLlamaError('channel.key_expired', 'Two keys expired before all was sealed')
        keyExpired = true
        // Nothing was posted under it.
        if (!sign) request.date = undefined
        await use(keys.current(signal))
      } else if (outcome.kind === 'sign') await heed(outcome.error)
      else if (outcome.gatewayCode === 'gateway.drained' && !sign && (await mayRepeat())) {
        discard(outcome.response)
        await heed(new BlindLlamaError('channel.status', 'The gateway ended before the answer'))
      } else if (outcome.gatewayCode === 'request.date' && !dateCorrected && !Number.isNaN(outcome.date)) {
        dateCorrected = true
        discard(outcome.response)
        // What an earlier attempt ran may be forgotten by now.
        if (sign && !(await mayRepeat())) throw sign
        request.date = undefined
        key.clockOffsetMs = outcome.date - Date.now()
      } else if (outcome.gatewayCode === 'request.duplicate' && sign) {
        discard(outcome.response)
        const error = new BlindLlamaError('request.duplicate', 'The request was run, and its answer is lost')
        if (renamed || !(await isRepeatable(request))) throw error
        renamed = true
        request = { ...request, idempotencyKey: randomKey(), date: undefined }
        resending(error)
      } else if (outcome.gatewayCode === 'request.upstream_status') {
        discard(outcome.response)
        throw new BlindLlamaError('request.upstream_status', 'The model server answered with no status of HTTP')
      } else return outcome.response
    }
  }

  /** The body of another answer with the same head, where `response` broke off before its content. */
  const instead = async (response: Response, error: BlindLlamaError): Promise<Response> => {
    if (sign || error.code !== 'channel.truncated' || !(await mayRepeat())) throw error
    shown = response
    try {
      await heed(error)
      const other = await run()
      if (headOf(other) === headOf(response)) return other
      discard(other)
    } catch {
      signal?.throwIfAborted()
    }
    throw error
  }

  try {
    return await run()
  } catch (error) {
    if (!sign) throw error
    signal?.throwIfAborted()
    if (readsOnly(request.method)) throw error
    const { code, verdict } = error as BlindLlamaError
    const known =
      code === 'request.duplicate'
        ? 'The request was run, and its answer is lost'
        : `${sign.message.replace(` (${sign.code})`, '')}: the request may have been run`
    throw new BlindLlamaError('request.unknown_fate', known, { cause: error, verdict })
  }
}

function headOf({ status, headers }: Response): string {
  return `${status} ${headers.get('content-type')}`
}
