import type { PassedVerdict, SimulatedVerdict } from '@blindllama/web-sdk'
import type { ReactElement } from 'react'

/** The members of a policy that say whose release counts (PROTOCOL.md §19.3). The verifier has read the text: a page knows its form. */
interface ReleaseTrust {
  readonly releaseKeys?: { readonly threshold: Readonly<Record<string, number>> }
  readonly log?: { readonly origin: string; readonly witnesses: readonly unknown[]; readonly threshold: number }
}

export type Fact = readonly [name: string, value: string]

/**
 * What a verdict has proven about the release, with who signed it and where it is logged; undefined where the policy pins values itself.
 *
 * @param policy JSON text of the policy that the verdict was reached under
 */
export function releaseFacts(
  { release, manifest, steps }: PassedVerdict | SimulatedVerdict,
  policy: string,
): readonly Fact[] | undefined {
  if (release === undefined || manifest === undefined) return undefined
  const { releaseKeys, log } = JSON.parse(policy) as ReleaseTrust
  const passed = (id: string): boolean => steps.some((step) => step.id === id && step.status === 'pass')
  const roles = Object.entries(releaseKeys?.threshold ?? {})
  return [
    ['Release', `${release} (version ${manifest.version})`],
    ['Signed by', roles.map(([role, least]) => (least === 1 ? role : `${role} (${least} keys)`)).join(' and ')],
    ...(log && passed('release.log')
      ? [
          ['Logged in', log.origin] as const,
          ['Seen by', `at least ${log.threshold} of ${log.witnesses.length} witnesses of the log`] as const,
        ]
      : []),
    ['Source', `commit ${manifest.sourceCommit}`],
    ['Image', `SHA-256 ${manifest.imageDigest}`],
    ['Machine', manifest.machine],
    ['Manifest', `SHA-256 ${manifest.sha256}`],
    ['Valid until', new Date(manifest.notAfter).toLocaleString()],
  ]
}

interface ReleaseProps {
  readonly verdict: PassedVerdict | SimulatedVerdict
  readonly policy: string
}

/** The signed release that runs, in one line that opens. */
export function Release({ verdict, policy }: ReleaseProps): ReactElement | null {
  const facts = releaseFacts(verdict, policy)
  if (facts === undefined) return null
  const named = new Map(facts)
  const log = named.get('Logged in')
  const logged = log === undefined ? '' : `, logged in ${log}`
  return (
    <details className="release" data-testid="release">
      <summary>{`${named.get('Release')}, signed by ${named.get('Signed by')}${logged}`}</summary>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
