import type { Report } from '@blindllama/web-sdk'
import { useMemo, type ReactElement } from 'react'
import type { Measured } from '../staging.ts'
import { CopyButton } from '../ui/copy-button.tsx'
import { CheckIcon } from '../ui/icons.tsx'
import { Hex } from './facts.tsx'
import { useExplanation, type Explanation } from './explanation.ts'

const RULES: Record<string, string> = {
  golden: 'equals the release',
  events: 'every event is one that is allowed',
  untouched: 'still at its reset value',
  config: 'follows from the configuration',
  instance: 'follows from the key of this gateway process',
  unchecked: 'shown, not compared',
}

interface MeasurementsProps {
  readonly pcrs: NonNullable<Report['pcrs']>
  readonly measured: readonly Measured[]
}

/** The registers that the TPM signed, with what the publisher of this page says went into them. */
export function Measurements({ pcrs, measured }: MeasurementsProps): ReactElement {
  return (
    <table className="pcrs">
      <caption className="visually-hidden">Measured values, bank {pcrs.bank}</caption>
      <thead>
        <tr>
          <th scope="col">PCR</th>
          <th scope="col">Value, and what this page says went into it</th>
        </tr>
      </thead>
      <tbody>
        {pcrs.values.map((pcr) => (
          <Register key={pcr.index} {...pcr} bank={pcrs.bank} measured={measured} />
        ))}
      </tbody>
    </table>
  )
}

interface RegisterProps {
  readonly index: number
  readonly value: string
  readonly rule: string
  readonly bank: string
  readonly measured: readonly Measured[]
}

function Register({ index, value, rule, bank, measured }: RegisterProps): ReactElement {
  const inside = useMemo(() => measured.filter(({ pcr }) => pcr === index), [measured, index])
  const explanation = useExplanation(inside, value)
  return (
    <tr data-pcr={index}>
      <th scope="row">{index}</th>
      <td>
        <p className="pcr-rule" data-rule={rule}>
          {RULES[rule] ?? rule} <code>{rule}</code>
        </p>
        <div className="pcr-value">
          <Hex value={value} />
          <CopyButton text={value} label={`Copy the value of PCR ${index}`} />
        </div>
        {inside.map(({ name, sha256 }) => (
          <div className="pcr-measured" key={name}>
            <span className="pcr-measured-name">{name}</span>
            <span className="pcr-value">
              <Hex value={sha256} />
              <CopyButton text={sha256} label={`Copy the SHA-256 of ${name}`} />
            </span>
          </div>
        ))}
        {inside.length > 0 && (
          <Recomputed explanation={bank === 'sha256' ? explanation : undefined} count={inside.length} />
        )}
      </td>
    </tr>
  )
}

/** Whether the digests that this page was published with give the value. Their names stay the word of the page's publisher. */
export function Recomputed({
  explanation,
  count,
}: {
  readonly explanation: Explanation | undefined
  readonly count: number
}): ReactElement {
  if (explanation === undefined)
    return <p className="pcr-claimed">Claimed by the publisher of this page, and not recomputed: names and digests.</p>
  return (
    <>
      <p className="pcr-explained">
        <CheckIcon />
        Recomputed in this page: {explanationText(explanation, count)} the value.
      </p>
      <p className="pcr-claimed">Claimed by the publisher of this page: the names.</p>
    </>
  )
}

function explanationText(explanation: Explanation, count: number): string {
  const these = count === 1 ? 'this measurement' : `these ${count} measurements, in this order,`
  if (explanation === 'after-boot') return `the firmware’s call of what it boots, its separator, and then ${these} give`
  if (explanation === 'after-separator') return `the firmware’s separator and then ${these} give`
  return `${these} ${count === 1 ? 'alone gives' : 'give'}`
}
