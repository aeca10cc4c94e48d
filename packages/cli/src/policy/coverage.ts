import type { Policy } from '@blindllama/web-sdk'

type RuleName = 'golden' | 'events' | 'untouched' | 'config' | 'instance' | 'unchecked'

/** What a policy says of one PCR, and whether that is enough (PROTOCOL.md §7.1). */
export interface PcrCoverage {
  pcr: number
  /** `null`: the PCR is not quoted. */
  rule: RuleName | null
  /** What is measured there, of whatever kind the system is. */
  measures: string
  /** The rules of which one is needed; `null` where the PCR may stay open. */
  needed: RuleName[] | null
  /** One of these is there, or none is needed. */
  covered: boolean
  /** What an open PCR lets somebody do; absent where the PCR is not open. */
  risk?: string
  /** What to do about it; absent where there is nothing to do. */
  action?: string
}

interface Known {
  measures: string
  /** Of a PCR that is needed. */
  risk?: string
  /** For a PCR that may stay open, and is open. */
  advice?: string
}

const dynamic: Known = { measures: 'a dynamic launch (DRTM)' }

const known: Readonly<Record<number, Known>> = {
  0: { measures: 'firmware', risk: 'other firmware extends any digest into any PCR' },
  1: {
    measures: "the firmware's configuration; ACPI tables, where the firmware measures them",
    risk: "the host puts code for the kernel's ACPI interpreter into a table",
  },
  2: {
    measures: 'drivers of devices (option ROMs)',
    risk: 'a device brings a driver, which runs before the boot manager and can extend what that would',
  },
  3: { measures: 'configuration of drivers', advice: 'pin it where it is constant' },
  4: {
    measures: 'boot manager, and every application that the firmware starts',
    risk: 'another boot manager extends PCR 8 to 14 as it likes',
  },
  5: {
    measures: 'partition table, configuration of the boot manager',
    advice: 'pin it with GRUB, which reads its configuration from a partition',
  },
  6: { measures: "the manufacturer's own", advice: 'pin it where it is constant' },
  7: {
    measures: 'Secure Boot: state, keys, authorities; debug mode',
    risk: 'a boot manager with the same digest takes a command line that it refuses under Secure Boot',
  },
  8: { measures: "commands of GRUB, with the kernel's command line", risk: 'another command line' },
  9: { measures: 'files that GRUB reads; initrd and command line of the kernel', risk: 'another kernel or initrd' },
  10: { measures: 'IMA: files that the running system reads; it grows without end' },
  11: {
    measures: 'a unified kernel image (UKI), by its stub; on Windows BitLocker',
    advice: 'pin it where the image is a UKI, in the place of PCR 8 and 9',
  },
  12: {
    measures: 'command lines, credentials and configuration from outside of a UKI; on Windows events of each start',
    risk: 'one line added by the host gives it a shell, and PCR 4 and 11 stay the same',
  },
  13: {
    measures: 'system extensions from outside of a UKI; on Windows drivers',
    risk: 'the host adds files to the system',
  },
  14: {
    measures: "the gateway's configuration; keys of the machine's owner in shim",
    advice: 'say config where what starts the gateway extends it, golden under shim',
  },
  15: {
    measures: 'the gateway process; volume keys of systemd',
    advice: 'say instance where the gateway extends it at its start',
  },
  16: { measures: 'debugging; software can reset it' },
  17: dynamic,
  18: dynamic,
  19: dynamic,
  20: dynamic,
  21: dynamic,
  22: dynamic,
  23: { measures: 'applications; software can reset it' },
}

const compared: RuleName[] = ['golden', 'events']
const fixed: RuleName[] = ['golden', 'untouched']

/**
 * Tells all PCRs of a policy that the verifier accepted. A test holds this against the verifier's step `pcr.coverage`, vector by
 * vector.
 */
export function coverageOf({ pcrs, platform }: Pick<Policy, 'pcrs' | 'platform'>): PcrCoverage[] {
  const rules: Readonly<Record<number, RuleName>> = Object.fromEntries(
    Object.entries(pcrs.rules).map(([pcr, rule]) => [pcr, typeof rule === 'string' ? rule : 'events'] as const),
  )
  const isUnified = rules[11] === 'golden'
  const needs: Readonly<Record<number, RuleName[]>> = {
    0: platform === undefined ? compared : [...compared, 'unchecked'],
    1: compared,
    2: compared,
    4: ['golden'],
    7: compared,
    ...(isUnified ? {} : { 8: fixed, 9: ['golden'] }),
    12: fixed,
    13: fixed,
  }
  return Object.entries(known).map(([index, { measures, risk, advice }]) => {
    const pcr = Number(index)
    const rule = rules[pcr] ?? null
    const needed = needs[pcr] ?? null
    const covered = needed === null || (rule !== null && needed.includes(rule))
    const told: PcrCoverage = { pcr, rule, measures, needed, covered }
    const action = covered ? (isOpen(rule) && needed === null ? advice : undefined) : actionOf(pcr, needed)
    if (!covered && risk !== undefined) told.risk = risk
    if (action !== undefined) told.action = action
    return told
  })
}

function isOpen(rule: RuleName | null): boolean {
  return rule === null || rule === 'unchecked'
}

function actionOf(pcr: number, needed: readonly RuleName[]): string {
  const rules = needed.join(' or ')
  const other = pcr === 8 || pcr === 9 ? '; or, where the image is a UKI, say golden of PCR 11' : ''
  return `say ${rules} of PCR ${pcr}, and quote it: attestation.pcrs of the gateway${other}`
}
