import { createHash } from 'node:crypto'
import type { Policy } from '@blindllama/web-sdk'
import { usage } from '../failure.js'
import { cloudRoots } from '../chain/cloud-roots.js'
import type { Inspection } from '../inspect/report.js'

/** What the author of a policy knows of an attestation key that no certificate vouches for. */
export const assurances = ['simulated', 'operator-ca', 'cloud-vtpm', 'hardware-tpm'] as const
export type Assurance = (typeof assurances)[number]

/** For editors; verifiers ignore it. */
export const schemaOfPolicy = './node_modules/@blindllama/web-sdk/dist/policy.schema.json'

/** What evidence cannot say. */
export interface Choices {
  /** Name of the service; undefined: the origin of its address, which a policy need not state. */
  readonly audience: string | undefined
  readonly assurance: Assurance
  /** Google's name for the project of the author, for a chain of Google. */
  readonly projectId: string | undefined
  readonly release: string
  /** PCRs that are quoted and compared with nothing. */
  readonly unchecked: readonly number[]
  readonly acceptUnattested: boolean
  readonly allowPartialCoverage: boolean
}

/** What only a verdict shows: whether PCR 14 and 15 follow from the claims, and whether the log explains the values. */
export interface Adjustments {
  readonly derived: ReadonlySet<number>
  readonly replays: boolean
}

type RuleName = 'golden' | 'untouched' | 'unchecked' | 'config' | 'instance'

/**
 * The policy that pins what evidence shows: trust on first use. Whoever answered chose the values.
 *
 * @throws {Failure} `cli.usage` where evidence lacks what a policy needs
 */
export function propose(read: Inspection, choices: Choices, { derived, replays }: Adjustments): Policy {
  const { values, claims } = read
  if (!values || !claims || !read.ak)
    throw usage('the evidence lacks its key, its claims or its PCRs: blindllama inspect shows why')
  const rules = Object.fromEntries(
    values.pcrs.map(({ index, value }) => [
      String(index),
      choices.unchecked.includes(index) ? 'unchecked' : ruleOf(index, value, derived),
    ]),
  )
  const { anchor, assurance } = anchorOf(read, choices.assurance, choices.projectId)
  const golden = values.pcrs.filter(({ index }) => rules[index] === 'golden')
  const { audience, acceptUnattested, allowPartialCoverage, release } = choices
  return {
    $schema: schemaOfPolicy,
    version: 1,
    ...(audience !== undefined && { audience }),
    anchors: [anchor],
    acceptAssurance: [assurance],
    ...(acceptUnattested && { acceptUpstream: ['in-image', 'attested', 'unattested'] }),
    pcrs: {
      bank: values.bank,
      rules,
      ...(replays && { replay: 'quoted' }),
      ...(allowPartialCoverage && { allowPartialCoverage }),
    },
    releases: [
      {
        name: release,
        pcrs: Object.fromEntries(golden.map(({ index, value }) => [String(index), value])),
        configDigests: [claims.configDigest],
      },
    ],
  } as Policy
}

/** What each PCR that was quoted is for: `golden` where something extended it. */
function ruleOf(index: number, value: string, derived: ReadonlySet<number>): RuleName {
  if (derived.has(index)) return index === 14 ? 'config' : 'instance'
  if (index === 10 || index === 15 || index === 16 || index === 23) return 'unchecked'
  if (!isReset(index, value) || index === 0) return 'golden'
  // Firmware extends 1 to 7 always: no value of theirs is the reset value on a machine that measures.
  return index <= 7 ? 'unchecked' : 'untouched'
}

/** PCR 17 to 22 start with ff, the others with 00. */
export function isReset(index: number, value: string): boolean {
  return (index >= 17 && index <= 22 ? /^f+$/ : /^0+$/).test(value)
}

function rootOf({ chain }: Inspection): string | undefined {
  const root = chain?.at(-1)
  return root === undefined ? undefined : createHash('sha256').update(Buffer.from(root, 'hex')).digest('hex')
}

/** Whether the policy has to name the key itself, because no certificate vouches for it. */
export function isNamed(read: Inspection): boolean {
  return rootOf(read) === undefined
}

/**
 * The anchor for the key of evidence, and the assurance that it gives.
 *
 * @param assurance what holds a key that no certificate vouches for
 * @param projectId for a chain of Google
 * @throws {Failure} `cli.usage`
 */
export function anchorOf(
  read: Inspection,
  assurance: Assurance,
  projectId: string | undefined,
): { anchor: object; assurance: Assurance } {
  const rootSha256 = rootOf(read)
  const name = read.ak?.name
  const hierarchy = 'endorsement'
  if (rootSha256 === undefined) {
    if (assurance === 'simulated') return { anchor: { kind: 'simulated', name, hierarchy }, assurance }
    return { anchor: { kind: 'ak-name', name, assurance, hierarchy }, assurance }
  }
  const kind = cloudRoots[rootSha256] ?? 'custom-ca'
  if (kind !== 'gcp')
    return { anchor: { kind, rootSha256 }, assurance: kind === 'custom-ca' ? 'operator-ca' : 'cloud-vtpm' }
  if (projectId === undefined)
    throw usage("a chain of Google needs --project-id: certificates of every customer have Google's root")
  return { anchor: { kind, rootSha256, projectId }, assurance: 'cloud-vtpm' }
}
