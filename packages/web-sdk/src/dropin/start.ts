import type { Origins } from '../connect.js'
import { BlindLlamaError } from '../errors.js'
import { ownOptions } from '../known-options.js'
import { settingsOf } from '../options.js'
import { type DropInClient, dropInClient, refusingClient } from './client.js'
import { allEndpoints, type Endpoints, endpointsOf } from './endpoints.js'
import type { UpgradeOptions } from './global.js'
import { assertNoTag, type Tag, tagOf } from './tag.js'
import { upgrade } from './upgrade.js'

/**
 * Does what the tag says, which `script` is; without one, asserts that there is none. Whatever is wrong with it is reported as an uncaught
 * error, and nothing of what it declares is sent.
 */
export function startTag(script: HTMLScriptElement | undefined, origins: Origins): DropInClient | undefined {
  let tag: Tag | undefined
  try {
    if (script) tag = tagOf(script)
    else assertNoTag()
  } catch (error) {
    // An attribute that nobody knows may be a misspelt one: what the page meant to declare is unknown.
    const client = refusingClient(report(error))
    upgrade(allEndpoints, client)
    return client
  }
  if (!tag) return undefined
  try {
    const client = startClient(tag.options, tag.upgrade, origins)
    // A page that asks later gets the same reason; one that never asks would not learn of it.
    client.attest().catch(report)
    return client
  } catch (error) {
    return refusingClient(report(error))
  }
}

/** @throws {BlindLlamaError} where the options cannot be used; what they declare, or everything where they do not say it, then rejects */
export function startUpgrade(given: UpgradeOptions, origins: Origins): DropInClient {
  const { upgrade: paths = [], ...options } = ownOptions(given)
  return startClient(options, paths, origins)
}

function startClient(options: Tag['options'], paths: readonly string[] | undefined, origins: Origins): DropInClient {
  try {
    // Before `fetch` is replaced: the client takes the platform's.
    const client = dropInClient(options, origins)
    if (paths !== undefined) upgrade(endpointsIn(options, paths), client)
    return client
  } catch (error) {
    if (paths !== undefined) upgrade(knownEndpoints(options, paths), refusingClient(error as BlindLlamaError))
    throw error
  }
}

function endpointsIn(options: Tag['options'], paths: readonly string[]): Endpoints {
  const { url, relay } = ownOptions(options)
  // A text, or null, may come out of a page's own configuration: what it means to declare is then unknown.
  if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string'))
    throw new BlindLlamaError('client.options', '`upgrade` must be a list of paths such as "/v1/", or left out for all')
  const { base, endpoint } = settingsOf({ url, policy: '', ...(relay !== undefined && { relay }) })
  return endpointsOf(base, paths, [base, endpoint])
}

/** Those that the options name, or all where the options are not clear. */
function knownEndpoints(options: Tag['options'], paths: readonly string[]): Endpoints {
  try {
    return endpointsIn(options, paths)
  } catch {
    return allEndpoints
  }
}

function report(error: unknown): BlindLlamaError {
  reportError(error)
  return error as BlindLlamaError
}
