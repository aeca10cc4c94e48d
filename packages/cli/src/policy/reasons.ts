import type { Code } from '@blindllama/web-sdk'
import { didYouMean, policyMembers, sentenceOfRefusal } from '@blindllama/web-sdk/sentences'
import type { Place } from './mend.js'

type Rules = Readonly<Record<string, unknown>>

/** Why a place of a policy is a mistake, and what is expected there. */
export function ofPlace(code: Code, place: Place | undefined): string {
  const general = sentenceOfRefusal({ code, detail: '' } as Parameters<typeof sentenceOfRefusal>[0])
  if (!place) return general
  const { path, holder, key, isMissing, policy } = place
  if (isMissing)
    return path === 'releases' ? 'is required: golden rules compare with a release' : 'is required and missing'
  const value = holder[key]
  const rules = ((policy['pcrs'] as { rules?: Rules } | undefined)?.rules ?? {}) as Rules
  if (path === 'pcrs.rules' && code === 'policy.invalid')
    return 'one rule must be golden: without it no measurement is compared with a release'
  if (path.startsWith('pcrs.rules.')) return ofRule(key, value, code)
  if (/^releases\[\d+\]\.pcrs$/.test(path)) return ofValues(value, rules)
  if (/^releases\[\d+\]\.pcrs\./.test(path)) return ofValue(key, value, policy)
  if (path === 'releases' && code === 'policy.invalid') return 'two releases have the same name'
  if (code === 'policy.syntax' && isUnknown(path, key))
    return `is no member of a policy; the schema lists them${didYouMean(key, policyMembers)}`
  const expected = Object.entries(expectations).find(([form]) => new RegExp(`^${form}$`).test(path))?.[1]
  return expected === undefined ? general : `is ${shortened(value)}; expected is ${expected}`
}

/** Places whose value has one form. */
const expectations: Readonly<Record<string, string>> = {
  version: 'the number 1',
  audience: 'a text of 1 to 255 bytes',
  anchors: 'a list of 1 to 256 anchors',
  'anchors\\[\\d+\\]\\.kind': 'ak-name, simulated, azure, gcp or custom-ca',
  'anchors\\[\\d+\\]\\.assurance': 'operator-ca, cloud-vtpm or hardware-tpm',
  'anchors\\[\\d+\\]\\.name': 'a TPM Name in lower-case hexadecimal: 000b and 32 bytes, 000c and 48, or 000d and 64',
  'anchors\\[\\d+\\]\\.hierarchy': 'endorsement',
  'anchors\\[\\d+\\]\\.rootSha256': 'the SHA-256 of a root certificate: 64 lower-case hexadecimal digits',
  'acceptAssurance(?:\\[\\d+\\])?': 'a list of simulated, operator-ca, cloud-vtpm, cvm-bound or hardware-tpm',
  'acceptUpstream(?:\\[\\d+\\])?': 'a list of in-image, attested or unattested',
  'pcrs\\.bank': 'sha256 or sha384',
  'pcrs\\.replay(?:\\[\\d+\\])?': '"quoted" or a list of distinct PCRs that have a rule and that a log can explain',
  'pcrs\\.allowPartialCoverage': 'true or false',
  maxAgeMs: 'a number of milliseconds from 1000 to 86400000',
  'require\\w+': 'true or false; requireMonotonicState needs "hierarchy": "endorsement" at every anchor',
  'suites(?:\\[\\d+\\])?': 'a list of suites such as x25519-sha256-aes128gcm',
  '(?:releases\\[\\d+\\]\\.)?configDigests(?:\\[\\d+\\])?':
    'a list of SHA-256 digests: 64 lower-case hexadecimal digits each',
  'releases\\[\\d+\\]\\.name': 'a text of 1 to 255 bytes',
}

const known =
  /^(?:\$schema|version|audience|anchors|acceptAssurance|acceptUpstream|pcrs|releases|releaseKeys|status|log|configDigests|platform|maxAgeMs|requireSafeClock|requireMonotonicState|suites)$/

function isUnknown(path: string, key: string): boolean {
  // Indices, and names that are those of members elsewhere, are judged by their places.
  if (/^[$a-z]/i.test(key) && !policyMembers.includes(key)) return true
  if (!/[.[]/.test(path)) return !known.test(path)
  const inPcrs = /^pcrs\.([^.[]+)$/.exec(path)?.[1]
  if (inPcrs !== undefined) return !/^(?:bank|rules|replay|allowPartialCoverage)$/.test(inPcrs)
  const inRelease = /^releases\[\d+\]\.([^.[]+)$/.exec(path)?.[1]
  return inRelease !== undefined && !/^(?:name|pcrs|configDigests)$/.test(inRelease)
}

function ofRule(pcr: string, value: unknown, code: Code): string {
  if (!/^(?:0|[1-9]\d?)$/.test(pcr) || Number(pcr) > 23) return `is no PCR: they are 0 to 23, written as decimals`
  if (code !== 'policy.invalid')
    return `is ${shortened(value)}; expected is golden, untouched, unchecked, config, instance or {"events": […]}`
  if (/^(?:10|16|23)$/.test(pcr)) return `takes unchecked only: software can reset or extend PCR ${pcr} at any time`
  if (pcr === '0') return 'does not take untouched: every firmware extends PCR 0'
  if (value === 'config') return 'config is for PCR 14 only'
  if (value === 'instance') return 'instance is for PCR 15 only'
  return '{"events": […]} is for PCR 0 to 3 and 5 to 7 only, and each event needs a meaning that the log proves'
}

function ofValues(value: unknown, rules: Rules): string {
  const golden = Object.keys(rules).filter((pcr) => rules[pcr] === 'golden')
  if (typeof value !== 'object' || value === null)
    return `expected is an object with the values of PCR ${golden.join(', ')}`
  const missing = golden.filter((pcr) => !Object.hasOwn(value, pcr))
  const extra = Object.keys(value).filter((pcr) => !golden.includes(pcr))
  return [
    'must name exactly the PCRs whose rule is golden',
    ...(missing.length > 0 ? [`it lacks PCR ${missing.join(', ')}`] : []),
    ...(extra.length > 0 ? [`PCR ${extra.join(', ')} has no golden rule`] : []),
  ].join('; ')
}

function ofValue(pcr: string, value: unknown, policy: Readonly<Record<string, unknown>>): string {
  const bank = String((policy['pcrs'] as { bank?: unknown } | undefined)?.bank)
  const digits = bank === 'sha384' ? 96 : 64
  if (typeof value !== 'string') return `is ${shortened(value)}; expected is a value of ${digits} hexadecimal digits`
  if (/^0+$/.test(value))
    return `an all-zero value cannot be a reference value: nothing extended PCR ${pcr}. Say "untouched" in pcrs.rules`
  if (/^f+$/.test(value)) return `a value of ff alone cannot be a reference value: PCR ${pcr} has its reset value`
  if (/[A-F]/.test(value)) return 'hexadecimal is lower-case'
  if (/[^0-9a-f]/.test(value)) return `is ${shortened(value)}, which is not hexadecimal`
  return `has ${value.length} hexadecimal digits; a value of ${bank} has ${digits}`
}

/** A value for a sentence: nobody reads more of one that is wrong. */
function shortened(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
