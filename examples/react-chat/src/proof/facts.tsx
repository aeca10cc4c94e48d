import { Fragment, type ReactElement, type ReactNode } from 'react'
import { CopyButton } from '../ui/copy-button.tsx'

export function Facts({ children }: { readonly children: ReactNode }): ReactElement {
  return <dl className="facts">{children}</dl>
}

interface FactProps {
  readonly name: string
  readonly children: ReactNode
  /** Offers to copy this text. */
  readonly copy?: string
}

export function Fact({ name, children, copy }: FactProps): ReactElement {
  return (
    <div className="fact" data-long={copy !== undefined}>
      <dt>{name}</dt>
      <dd>
        <span className="fact-value">{children}</span>
        {copy !== undefined && <CopyButton text={copy} label={`Copy ${name.toLowerCase()}`} />}
      </dd>
    </div>
  )
}

/** A long hexadecimal value, whole, broken into lines between groups of eight; what is selected and copied has no gaps. */
export function Hex({ value }: { readonly value: string }): ReactElement {
  const groups = value.match(/.{1,8}/g) ?? []
  return (
    <code className="hex">
      {groups.map((group, index) => (
        <Fragment key={index}>
          {group}
          <wbr />
        </Fragment>
      ))}
    </code>
  )
}
