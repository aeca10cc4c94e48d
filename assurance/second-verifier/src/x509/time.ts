import { demand } from '../refusal.ts'
import { tag } from './der.ts'
import type { Fields } from './fields.ts'

const code = 'chain.time'

/** The next member as a Time, RFC 5280 §4.1.2.5, in milliseconds since 1970. @throws {Refusal} chain.time */
export function readTime(validity: Fields): number {
  demand(validity.left > 0, code, 'a time is missing')
  const { tag: type, content } = validity.any()
  const text = Buffer.from(content).toString('latin1')
  const utc = type === tag.utcTime
  demand(utc || type === tag.generalizedTime, code, 'neither UTCTime nor GeneralizedTime')
  demand((utc ? /^[0-9]{12}Z$/ : /^[0-9]{14}Z$/).test(text), code, text)
  const full = utc ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text
  demand(utc || full >= '2050', code, 'a GeneralizedTime before 2050')
  const [year, month, day, hour, minute, second] = (full.match(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/) ?? []).slice(1)
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`
  const time = Date.parse(iso)
  demand(!Number.isNaN(time) && new Date(time).toISOString() === iso, code, `${text} does not exist`)
  return time
}
