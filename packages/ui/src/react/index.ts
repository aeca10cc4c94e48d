'use client'

import { createElement, type HTMLAttributes, type ReactElement, useEffect, useRef } from 'react'
import type { ProofElement } from '../elements/element.js'
import { defineElements } from '../elements/define.js'
import type { BlindLlamaVerification as VerificationElement } from '../elements/verification.js'
import type { Measured } from '../panel/measurements.js'
import type { ProofSource } from '../proof/source.js'
import type { Strings } from '../strings/strings.js'
import { useProof } from './use-proof.js'

export { useProof }

defineElements()

interface Shared extends Omit<HTMLAttributes<HTMLElement>, 'children'> {
  /** Texts in another language, such as `de` of `@blindllama/ui/de`. */
  readonly strings?: Strings | undefined
}

/** The element `tag` of `@blindllama/ui`, which shows `proof`. */
function Wrapped<E extends ProofElement>({
  tag,
  proof,
  strings,
  set,
  onOpen,
  className,
  ...attributes
}: Shared & {
  readonly tag: string
  readonly proof: ProofSource | undefined
  readonly set?: (element: E) => void
  readonly onOpen?: (() => void) | undefined
}): ReactElement {
  const ref = useRef<E>(null)
  useEffect(() => {
    const element = ref.current
    if (!element) return
    element.proof = proof
    if (strings) element.strings = strings
    set?.(element)
  })
  useEffect(() => {
    const element = ref.current
    if (!element || !onOpen) return undefined
    element.addEventListener('blindllama-open', onOpen)
    return () => element.removeEventListener('blindllama-open', onOpen)
  }, [onOpen])
  return createElement(tag, { ref, ...attributes, ...(className !== undefined && { class: className }) })
}

export interface BadgeProps extends Shared {
  /** Id of the `<BlindLlamaVerification>` that the badge opens. */
  readonly for?: string
  readonly onOpen?: () => void
}

/** `<blindllama-badge>` for the provider above: `<BlindLlamaBadge for="proof" />`. */
export function BlindLlamaBadge(props: BadgeProps): ReactElement {
  return createElement(Wrapped, { ...props, tag: 'blindllama-badge', proof: useProof() })
}

/** `<blindllama-refusal>` for the provider above; nothing is seen of it unless the proof is refused. */
export function BlindLlamaRefusal(props: BadgeProps): ReactElement {
  return createElement(Wrapped, { ...props, tag: 'blindllama-refusal', proof: useProof() })
}

export interface VerificationProps extends Shared {
  /** A dialog, which a badge or a refusal opens, in place of a panel in the page. */
  readonly dialog?: boolean
  /** What the page says went into the PCRs. */
  readonly measured?: readonly Measured[] | undefined
}

/** `<blindllama-verification>` for the provider above: `<BlindLlamaVerification id="proof" dialog />`. */
export function BlindLlamaVerification({ dialog = false, measured, ...props }: VerificationProps): ReactElement {
  const set = (element: VerificationElement): void => {
    if (measured && element.measured !== measured) element.measured = measured
  }
  const proof = useProof()
  return createElement(Wrapped<VerificationElement>, {
    ...props,
    ...(dialog && { dialog: '' }),
    tag: 'blindllama-verification',
    proof,
    set,
  } as Parameters<typeof Wrapped<VerificationElement>>[0])
}
