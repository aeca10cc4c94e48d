import type { PassedVerdict, SimulatedVerdict } from '@blindllama/web-sdk'
import type { ReactElement } from 'react'
import { WarningIcon } from '../ui/icons.tsx'

export const SIMULATED_WARNING = 'Simulated TPM: this demonstrates the protocol and proves nothing about the machine.'

/** What a visitor must not overlook about a verification that passed. They cannot be dismissed. */
export function Banners({ verdict }: { readonly verdict: PassedVerdict | SimulatedVerdict }): ReactElement | null {
  const unattested = verdict.claims?.upstream === 'unattested'
  if (!verdict.simulated && !unattested) return null
  return (
    <div className="banners" role="region" aria-label="Warnings about this service">
      {verdict.simulated && (
        <p className="banner" data-testid="banner-simulated">
          <WarningIcon />
          <strong>{SIMULATED_WARNING}</strong>
        </p>
      )}
      {unattested && (
        <p className="banner" data-testid="banner-unattested">
          <WarningIcon />
          <span>
            <strong>The model runs outside the proof.</strong> Whoever runs it can read what you write.
          </span>
        </p>
      )}
    </div>
  )
}
