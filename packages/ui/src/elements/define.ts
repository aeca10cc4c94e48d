import { BlindLlamaBadge } from './badge.js'
import { BlindLlamaRefusal } from './refusal.js'
import { BlindLlamaVerification } from './verification.js'

const elements: Readonly<Record<string, CustomElementConstructor>> = {
  'blindllama-badge': BlindLlamaBadge,
  'blindllama-verification': BlindLlamaVerification,
  'blindllama-refusal': BlindLlamaRefusal,
}

/** Defines the elements, unless they are defined, and except on servers, which have none. */
export function defineElements(): void {
  if (typeof customElements === 'undefined') return
  for (const [name, element] of Object.entries(elements))
    if (customElements.get(name) === undefined) customElements.define(name, element)
}
