type Holder = Record<string, unknown>

/** Where a fault is: what holds it, and the member, which may be missing. */
export interface Place {
  readonly path: string
  readonly holder: Holder
  readonly key: string
  readonly isMissing: boolean
  readonly policy: Holder
}

/** Finds a place as verdicts write it. Undefined where it is none of the policy, as for names with dots in them. */
export function placeOf(policy: Holder, path: string): Place | undefined {
  const keys = path.split(/[.[\]]+/).filter((key) => key !== '')
  const key = keys.pop()
  if (key === undefined) return undefined
  let holder: unknown = policy
  for (const step of keys) holder = (holder as Holder | undefined)?.[step]
  if (typeof holder !== 'object' || holder === null) return undefined
  return { path, holder: holder as Holder, key, isMissing: !Object.hasOwn(holder, key), policy }
}

const sampleAnchor = {
  kind: 'ak-name',
  name: `000b${'11'.repeat(32)}`,
  assurance: 'hardware-tpm',
  hierarchy: 'endorsement',
}
const valueLength: Readonly<Record<string, number>> = { sha256: 32, sha384: 48 }
/** Members without which a policy is none. */
const needed = new Set(['version', 'anchors', 'pcrs', 'releases'])

/**
 * Puts something that the verifier reads in the place of a mistake, so that the next one shows. What follows from a mended mistake is
 * mended with it: it is no mistake of the author.
 *
 * @returns whether it changed something
 */
export function mend(policy: Holder, { path, holder, key, isMissing }: Place): boolean {
  const [top = ''] = path.split(/[.[]/)
  if (top === 'version') policy['version'] = 1
  else if (top === 'anchors') mendAnchors(policy, path)
  else if (path.startsWith('pcrs.rules')) mendRules(policy, path, key)
  else if (path === 'pcrs' || path === 'pcrs.bank' || path === 'pcrs.rules') mendPcrs(policy, path)
  else if (top === 'releases') mendReleases(policy, path, holder, key)
  else if (isMissing && !needed.has(top)) return dropTop(policy, top)
  else if (top === 'pcrs') delete holder[key]
  else return dropTop(policy, top)
  return true
}

/** A member that a policy may lack goes whole. Without signed releases listed ones are needed, and no status or log. */
function dropTop(policy: Holder, top: string): boolean {
  if (!Object.hasOwn(policy, top)) return false
  delete policy[top]
  if (top === 'releaseKeys') {
    delete policy['status']
    delete policy['log']
    policy['releases'] ??= [sampleRelease(policy, 0)]
  }
  return true
}

function mendAnchors(policy: Holder, path: string): void {
  const index = /^anchors\[(\d+)\]/.exec(path)?.[1]
  const { anchors } = policy
  if (index !== undefined && Array.isArray(anchors)) anchors[Number(index)] = sampleAnchor
  else policy['anchors'] = [sampleAnchor]
}

function rulesOf(policy: Holder): Holder {
  return ((policy['pcrs'] as Holder | undefined)?.['rules'] ?? {}) as Holder
}

function releasesOf(policy: Holder): Holder[] {
  const { releases } = policy
  return Array.isArray(releases) ? releases.filter((release) => typeof release === 'object' && release !== null) : []
}

function mendPcrs(policy: Holder, path: string): void {
  if (path === 'pcrs.bank') (policy['pcrs'] as Holder)['bank'] = 'sha256'
  else policy['pcrs'] = { bank: 'sha256', rules: { '4': 'golden' } }
  alignReleases(policy)
}

function mendRules(policy: Holder, path: string, key: string): void {
  if (path === 'pcrs.rules') {
    const pcrs = policy['pcrs'] as Holder
    const rules = pcrs['rules']
    if (typeof rules === 'object' && rules !== null && !Array.isArray(rules)) (rules as Holder)['4'] = 'golden'
    else pcrs['rules'] = { '4': 'golden' }
  } else {
    const rules = rulesOf(policy)
    const index = /^pcrs\.rules\.(\d+)/.exec(path)?.[1] ?? key
    if (/^(?:1?\d|2[0-3])$/.test(index)) rules[index] = 'unchecked'
    else delete rules[index]
    if (!Object.values(rules).includes('golden')) rules['4'] = 'golden'
  }
  delete (policy['pcrs'] as Holder)['replay']
  alignReleases(policy)
}

/** Each release names exactly the golden PCRs; values that are right already stay. */
function alignReleases(policy: Holder): void {
  for (const release of releasesOf(policy)) release['pcrs'] = goldenValues(policy, release['pcrs'])
}

function goldenValues(policy: Holder, from: unknown): Holder {
  const bank = (policy['pcrs'] as Holder | undefined)?.['bank']
  const length = valueLength[String(bank)] ?? 32
  const kept = (typeof from === 'object' && from !== null ? from : {}) as Holder
  const golden = Object.entries(rulesOf(policy)).filter(([, rule]) => rule === 'golden')
  return Object.fromEntries(golden.map(([index]) => [index, kept[index] ?? '11'.repeat(length)]))
}

function sampleRelease(policy: Holder, index: number): Holder {
  return { name: `release ${index}`, pcrs: goldenValues(policy, {}) }
}

function mendReleases(policy: Holder, path: string, holder: Holder, key: string): void {
  const [, index, member, pcr] = /^releases\[(\d+)\](?:\.([^.[]+)(?:\.(.+))?)?/.exec(path) ?? []
  const { releases } = policy
  const release =
    Array.isArray(releases) && index !== undefined ? (releases[Number(index)] as Holder | null) : undefined
  if (!Array.isArray(releases) || releases.length === 0 || releases.length > 64)
    policy['releases'] = [sampleRelease(policy, 0)]
  else if (index === undefined) releases.forEach((each, at) => ((each as Holder)['name'] = `release ${at}`))
  else if (typeof release !== 'object' || release === null || member === undefined)
    releases[Number(index)] = sampleRelease(policy, Number(index))
  else if (member === 'name') release['name'] = `release ${index}`
  else if (member !== 'pcrs') delete release[member]
  else if (pcr !== undefined && rulesOf(policy)[pcr] !== 'golden') delete holder[key]
  else {
    if (pcr !== undefined) delete holder[key]
    release['pcrs'] = goldenValues(policy, release['pcrs'])
  }
}
