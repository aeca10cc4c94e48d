import type { Policy } from '@blindllama/web-sdk'
import { exit, type ExitCode } from '../exit.js'
import { usage } from '../failure.js'
import { parse } from '../options.js'
import { bytesOf } from '../read-file.js'
import type { Io } from '../terminal/io.js'
import { sentences } from '../terminal/rows.js'
import { json, shown } from '../terminal/text.js'
import { readPolicy } from './read.js'

/** Says in sentences what a policy demands. @throws {Failure} with the verifier's code for a policy that it refuses */
export async function explain(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, { json: { type: 'boolean', default: false } })
  const [file] = positionals
  if (file === undefined || positionals.length > 1) throw usage('policy explain FILE [--json]')
  const said = sentencesOfPolicy(readPolicy(file, await bytesOf(file), exit.refused))
  io.out(values.json ? json({ result: 'explained', sentences: said }) : shown`${sentences(said)}`)
  return exit.passed
}

type Anchor = Policy['anchors'][number]

/** One sentence for each demand of a policy that the verifier has read, in the order of PROTOCOL.md §7. */
export function sentencesOfPolicy(policy: Policy): string[] {
  const { audience, anchors, pcrs, releases = [], releaseKeys, status, log, configDigests, platform } = policy
  const rules = Object.entries(pcrs.rules)
  const having = (rule: string): string =>
    rules
      .filter(([, own]) => (typeof own === 'string' ? own : 'events') === rule)
      .map(([index]) => index)
      .join(', ')
  const about = (rule: string, what: string): string[] => (having(rule) === '' ? [] : [`PCR ${having(rule)}: ${what}.`])
  return [
    `The service is ${audience ?? 'the one at the origin of its address'}.`,
    ...anchors.map((anchor, index) => `${index === 0 ? 'The attestation key' : 'Or the key'} is ${ofAnchor(anchor)}.`),
    `Accepted assurance: ${(policy.acceptAssurance ?? ['cloud-vtpm', 'cvm-bound', 'hardware-tpm']).join(', ')}.`,
    `The model server may be: ${(policy.acceptUpstream ?? ['in-image', 'attested']).join(', ')}.`,
    ...(policy.acceptUpstream?.includes('unattested') === true
      ? ['An unattested model server is accepted: its operator can read prompts and answers.']
      : []),
    ...about('golden', `each has the value of one release, in the bank ${pcrs.bank}`),
    ...about('events', 'every event of the log is one that the policy allows'),
    ...about('untouched', 'nothing extended it since the machine started'),
    ...about('config', "it holds the gateway's configuration, as the claims state it"),
    ...about('instance', 'it holds the key of this gateway process'),
    ...about('unchecked', 'quoted and shown, compared with nothing'),
    ...(pcrs.replay === undefined
      ? ['No event log is required.']
      : [
          `The event log must explain ${pcrs.replay === 'quoted' ? 'every quoted PCR that a log can explain' : `PCR ${pcrs.replay.join(', ')}`}.`,
        ]),
    ...(pcrs.allowPartialCoverage === true
      ? ['PCRs that decide which software runs may be open: each verdict warns, and policy check names them.']
      : []),
    ...releases.map(({ name, pcrs: values }) => `Release ${name} pins PCR ${Object.keys(values).join(', ')}.`),
    ...(releaseKeys === undefined ? [] : [`Signed releases count, by ${releaseKeys.keys.length} keys.`]),
    ...(status === undefined ? [] : ['A signed status of withdrawals is required.']),
    ...(log === undefined ? [] : ['Signed documents must be in a public log.']),
    ...configurations(configDigests, releases),
    ...(platform === undefined ? [] : ['A report of the processor must bind the TPM to a confidential machine.']),
    `Evidence may be ${Math.round((policy.maxAgeMs ?? 3_600_000) / 60_000)} minutes old; then the page attests anew.`,
    ...(policy.requireSafeClock === true ? ["The TPM's clock must be safe."] : []),
    ...(policy.requireMonotonicState === true
      ? ['A TPM whose counters went back since the last visit is refused.']
      : []),
    policy.suites === undefined
      ? 'Every cipher suite that page and service share is accepted.'
      : `Accepted cipher suites: ${policy.suites.join(', ')}.`,
  ]
}

function configurations(common: readonly string[] | undefined, releases: NonNullable<Policy['releases']>): string[] {
  const count =
    (common?.length ?? 0) + releases.reduce((sum, { configDigests }) => sum + (configDigests?.length ?? 0), 0)
  return count === 0
    ? ['No configuration of the gateway is listed here: one of a signed release must be.']
    : [
        `${count} configuration${count === 1 ? '' : 's'} of the gateway ${count === 1 ? 'is' : 'are'} accepted, by digest.`,
      ]
}

function ofAnchor(anchor: Anchor): string {
  if ('allOf' in anchor) return anchor.allOf.map(ofAnchor).join(', and ')
  switch (anchor.kind) {
    case 'simulated':
      return `that of the software TPM ${anchor.name}, which proves nothing`
    case 'ak-name':
      return `${'names' in anchor && anchor.names !== undefined ? `one of ${anchor.names.length} keys, by Name` : `the key ${anchor.name}`}, which the author calls ${anchor.assurance}`
    case 'azure':
      return `certified by Azure under the root ${anchor.rootSha256}`
    case 'gcp':
      return `certified by Google under the root ${anchor.rootSha256}, for project ${anchor.projectId ?? anchor.projectNumber}`
    case 'custom-ca':
      return `certified by the authority of the author with the root ${anchor.rootSha256}`
  }
}
