import { describe } from '../chain/describe.js'
import type { Io } from '../terminal/io.js'
import { facts, instant, type Row, section, size } from '../terminal/rows.js'
import { type Style, styleOf } from '../terminal/style.js'
import { list, type Shown, shown } from '../terminal/text.js'
import type { Inspection } from './report.js'

/** Evidence for a person, part by part. */
export function present(read: Inspection, io: Io): Shown {
  const style = styleOf(io)
  return shown`${[
    shown`${style.warn(style.bold('NOT VERIFIED'))}  what the evidence says; 'blindllama verify' judges it\n`,
    section('Malformed', malformed(read, style), style),
    section('Bundle', facts(bundle(read), style), style),
    section('Attestation key', facts(key(read), style), style),
    section('Quote', facts(quote(read), style), style),
    section('Claims', facts(claims(read), style), style),
    section(`Measurements, ${read.values?.bank ?? ''}`, facts(measurements(read), style), style),
    section('Certificates', facts(certificates(read), style), style),
    section('Event logs', facts(logs(read), style), style),
  ]}`
}

function malformed({ malformed: all }: Inspection, style: Style): Shown[] {
  return all.map(({ part, code, place }) => {
    const where = place === '' ? shown`` : shown` (${place})`
    return shown`  ${style.bad('✗')} ${part}: ${code}${where}\n`
  })
}

function bundle({ bundle: read, staticHash }: Inspection): Row[] {
  if (!read) return []
  const held = staticHash === read.staticHash ? 'given' : 'left out'
  return [
    ['version', String(read.version)],
    ['size', size(read.bytes)],
    ['static part', `${read.carriesStatic ? 'carried' : held}, ${read.staticHash}`],
    ['nonce', `leaf ${read.index} of a tree of depth ${read.depth}`],
  ]
}

function key({ ak }: Inspection): Row[] {
  return ak
    ? [
        ['name', ak.name],
        ['algorithm', ak.algorithm],
      ]
    : []
}

function quote({ quote: read, clock }: Inspection): Row[] {
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

function claims({ claims: read, keys }: Inspection): Row[] {
  if (!read) return []
  return [
    ['audiences', list(read.audiences)],
    ['instance', read.instance],
    ['instance key', read.instanceKey],
    ['epoch', read.epochId],
    ['lifetime', `${read.lifetimeMs} ms`],
    ['its clock', instant(read.serverTimeMs)],
    ['configuration', read.configDigest],
    ['model server', read.upstream],
    ['prompt cache', read.promptCache],
    ['keys', keys?.map(({ keyId, kemId }) => `${keyId}: KEM 0x${kemId.toString(16).padStart(4, '0')}`).join(', ')],
  ]
}

function measurements({ values }: Inspection): Row[] {
  return (values?.pcrs ?? []).map(({ index, value }): Row => [`PCR ${index}`, value])
}

function certificates({ chain = [] }: Inspection): Row[] {
  return chain.map((der, index): Row => {
    const { subject, validFrom, validTo } = describe(Buffer.from(der, 'hex'))
    return [String(index), shown`${subject ?? 'cannot be read'}  ${validFrom ?? '?'} – ${validTo ?? '?'}`]
  })
}

function logs({ eventLogs = [] }: Inspection): Row[] {
  return eventLogs.map((log, index): Row => [String(index), size(log.length / 2)])
}
