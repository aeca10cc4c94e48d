import { useEffect, useState, type ReactElement } from 'react'
import { CheckIcon, CopyIcon } from './icons.tsx'

/** Copies `text`. `label` names the thing for assistive technology; the outcome is announced in its place. */
export function CopyButton({ text, label }: { readonly text: string; readonly label: string }): ReactElement {
  const [outcome, setOutcome] = useState<'copied' | 'failed'>()
  useEffect(() => {
    if (outcome === undefined) return undefined
    const timer = setTimeout(() => setOutcome(undefined), 1600)
    return () => clearTimeout(timer)
  }, [outcome])

  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setOutcome('copied'),
      () => setOutcome('failed'),
    )
  }
  const said = outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'Copying was not allowed' : ''
  return (
    <button
      type="button"
      className="icon-button"
      onClick={copy}
      aria-label={label}
      title={said || label}
      data-outcome={outcome}
    >
      {outcome === 'copied' ? <CheckIcon /> : <CopyIcon />}
      <span className="visually-hidden" role="status">
        {said}
      </span>
    </button>
  )
}
