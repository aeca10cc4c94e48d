import { en, limitsOf } from '@blindllama/ui'
import type { PassedVerdict, SimulatedVerdict } from '@blindllama/web-sdk'
import type { ReactElement } from 'react'
import { WarningIcon } from '../ui/icons.tsx'

/** What a visitor must not overlook about a verification that passed. */
export function warningsOf(verdict: PassedVerdict | SimulatedVerdict): readonly ('simulated' | 'unattested')[] {
  return limitsOf(verdict).filter((limit) => limit === 'simulated' || limit === 'unattested')
}

/** The warnings over the conversation. They cannot be dismissed. */
export function Banners({ verdict }: { readonly verdict: PassedVerdict | SimulatedVerdict }): ReactElement | null {
  const warnings = warningsOf(verdict)
  if (warnings.length === 0) return null
  return (
    <div className="banners" role="region" aria-label="Warnings about this service">
      {warnings.map((limit) => (
        <p className="banner" data-testid={`banner-${limit}`} key={limit}>
          <WarningIcon />
          <strong>{limit === 'simulated' ? en.meaning.simulated : en.limits[limit]}</strong>
        </p>
      ))}
    </div>
  )
}
