import { BlindLlamaError } from '../errors.js'
import type { Resend } from '../channel/resend.js'
import { ownOptions } from '../known-options.js'
import { didYouMean } from '../nearest.js'
import type { DropInOptions } from './client.js'

/** What a tag says. */
export interface Tag {
  options: DropInOptions
  /** Paths of `data-upgrade`, of which none stands for all of `url`; `undefined` without the attribute. */
  upgrade: readonly string[] | undefined
}

/** By their names in `dataset`. */
const known: ReadonlySet<string> = new Set([
  'url',
  'policy',
  'policyIntegrity',
  'policyKeys',
  'upgrade',
  'relay',
  'resend',
  'dangerouslyAllowSimulated',
])

/**
 * Reads the attributes of the tag; `undefined` where it has none.
 *
 * @throws {BlindLlamaError} `dropin.tag`: what is misspelt must not count as left out
 */
export function tagOf(script: HTMLScriptElement): Tag | undefined {
  const misspelt = script.getAttributeNames().find(isMisspelt)
  if (misspelt !== undefined)
    throw fault(
      `${misspelt} is misspelt: write integrity, or data- before the name${didYouMean(misspelt, ['integrity', ...attributes()])}`,
    )
  const data = ownOptions(script.dataset)
  const names = Object.keys(data)
  if (names.length === 0) return undefined
  const unknown = names.find((name) => !known.has(name))
  if (unknown !== undefined)
    throw fault(
      `data-${dashed(unknown)} is unknown. The attributes are ${attributes().join(', ')}${didYouMean(`data-${dashed(unknown)}`, attributes())}`,
    )
  const { url, policy, policyIntegrity, policyKeys, upgrade, relay, resend, dangerouslyAllowSimulated } = data
  if (url === undefined || policy === undefined) throw fault('data-url and data-policy are required')
  if (dangerouslyAllowSimulated !== undefined && dangerouslyAllowSimulated !== 'true')
    throw fault('data-dangerously-allow-simulated must be "true", or absent')
  if (upgrade !== undefined && (script.async || script.defer))
    throw fault('A script with data-upgrade runs before all others: write it without async and defer')
  return {
    upgrade: upgrade?.split(/\s+/).filter((path) => path !== ''),
    options: {
      url,
      policy,
      policyIntegrity,
      policyKeys,
      ...(relay !== undefined && { relay }),
      ...(resend !== undefined && { resend: resend as Resend }),
      dangerouslyAllowSimulated: dangerouslyAllowSimulated === 'true',
    },
  }
}

function attributes(): readonly string[] {
  return [...known].map((name) => `data-${dashed(name)}`)
}

/** A name that means one of the tag's attributes, and that no browser reads. */
function isMisspelt(name: string): boolean {
  return (
    /^data[^-]/.test(name) ||
    (/^inte?g/.test(name) && name !== 'integrity') ||
    [...known].some((attribute) => dashed(attribute) === name)
  )
}

/** Where the platform does not say which tag runs, as for modules: what the tag says would be passed over. */
export function assertNoTag(): void {
  if (typeof document === 'object' && document.querySelector('script[data-upgrade], script[data-policy]') !== null)
    throw fault('The script runs as a module or later, so that it cannot read its tag. Write <script src> without type')
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function fault(message: string): BlindLlamaError {
  return new BlindLlamaError('dropin.tag', message)
}
