import type { PassedVerdict, SimulatedVerdict } from '@blindllama/web-sdk'
import type { ReactElement } from 'react'
import { WarningIcon } from '../ui/icons.tsx'

interface Warning {
  readonly id: 'simulated' | 'unattested'
  readonly sentence: string
}

/** What a visitor must not overlook about a verification that passed. */
export function warningsOf({ simulated, claims }: PassedVerdict | SimulatedVerdict): readonly Warning[] {
  const warnings: Warning[] = []
  if (simulated) {
    const sentence = 'Simulated TPM: this demonstrates the protocol and proves nothing about the machine.'
    warnings.push({ id: 'simulated', sentence })
  }
  if (claims?.upstream === 'unattested') {
    const sentence = 'The model runs outside the proof: its operator can read what you write.'
    warnings.push({ id: 'unattested', sentence })
  }
  return warnings
}

/** The warnings over the conversation. They cannot be dismissed. */
export function Banners({ verdict }: { readonly verdict: PassedVerdict | SimulatedVerdict }): ReactElement | null {
  const warnings = warningsOf(verdict)
  if (warnings.length === 0) return null
  return (
    <div className="banners" role="region" aria-label="Warnings about this service">
      {warnings.map(({ id, sentence }) => (
        <p className="banner" data-testid={`banner-${id}`} key={id}>
          <WarningIcon />
          <strong>{sentence}</strong>
        </p>
      ))}
    </div>
  )
}
