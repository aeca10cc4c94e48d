import { describe } from '../chain/describe.js'
import type { Io } from '../terminal/io.js'
import { facts, instant, section, size } from '../terminal/rows.js'
import { printable, type Style, styleOf } from '../terminal/style.js'
import type { Inspection } from './report.js'

/** Evidence for a person, part by part. */
export function present(shown: Inspection, io: Io): string {
  const style = styleOf(io)
  return [
    `${style.warn(style.bold('NOT VERIFIED'))}  what the evidence says; 'blindllama verify' judges it\n`,
    section('Malformed', malformed(shown, style), style),
    section('Bundle', facts(bundle(shown), style), style),
    section('Attestation key', facts(key(shown), style), style),
    section('Quote', facts(quote(shown), style), style),
    section('Claims', facts(claims(shown), style), style),
    section(`Measurements, ${shown.values?.bank ?? ''}`, facts(measurements(shown), style), style),
    section('Certificates', facts(certificates(shown), style), style),
    section('Event logs', facts(logs(shown), style), style),
  ].join('')
}

function malformed({ malformed: all }: Inspection, style: Style): string {
  return all
    .map(
      ({ part, code, place }) =>
        `  ${style.bad('✗')} ${part}: ${code}${place === '' ? '' : ` (${printable(place)})`}\n`,
    )
    .join('')
}

function bundle({ bundle: read, staticHash }: Inspection): [string, string | undefined][] {
  if (!read) return []
  const held = staticHash === read.staticHash ? 'given' : 'left out'
  return [
    ['version', String(read.version)],
    ['size', size(read.bytes)],
    ['static part', `${read.carriesStatic ? 'carried' : held}, ${read.staticHash}`],
    ['nonce', `leaf ${read.index} of a tree of depth ${read.depth}`],
  ]
}

function key({ ak }: Inspection): [string, string][] {
  return ak
    ? [
        ['name', ak.name],
        ['algorithm', ak.algorithm],
      ]
    : []
}

function quote({ quote: read, clock }: Inspection): [string, string | undefined][] {
  if (!read) return []
  const banks = read.pcrSelect.map(({ hash, pcrs }) => `0x${hash.toString(16).padStart(4, '0')}: ${pcrs.join(' ')}`)
  return [
    ['qualifiedSigner', read.qualifiedSigner],
    ['extraData', read.extraData],
    ['pcrSelect', banks.join('; ')],
    ['pcrDigest', read.pcrDigest],
    ['clock', clock && `${clock.clock} ms${clock.safe ? '' : ', not safe'}`],
    ['resets, restarts', clock && `${clock.resetCount}, ${clock.restartCount}`],
    ['firmwareVersion', clock?.firmwareVersion],
  ]
}

function claims({ claims: read, keys }: Inspection): [string, string | undefined][] {
  if (!read) return []
  return [
    ['audiences', read.audiences.join(', ')],
    ['instance', read.instance],
    ['epoch', read.epochId],
    ['lifetime', `${read.lifetimeMs} ms`],
    ['its clock', instant(read.serverTimeMs)],
    ['configuration', read.configDigest],
    ['model server', read.upstream],
    ['keys', keys?.map(({ keyId, kemId }) => `${keyId}: KEM 0x${kemId.toString(16).padStart(4, '0')}`).join(', ')],
  ]
}

function measurements({ values }: Inspection): [string, string][] {
  return (values?.pcrs ?? []).map(({ index, value }) => [`PCR ${index}`, value])
}

function certificates({ chain = [] }: Inspection): [string, string][] {
  return chain.map((der, index) => {
    const { subject, validFrom, validTo } = describe(Buffer.from(der, 'hex'))
    return [String(index), `${subject ?? 'cannot be read'}  ${validFrom ?? '?'} – ${validTo ?? '?'}`]
  })
}

function logs({ eventLogs = [] }: Inspection): [string, string][] {
  return eventLogs.map((log, index) => [String(index), size(log.length / 2)])
}
