import { readJson } from '../json.ts'
import { Members } from '../members.ts'
import { demand } from '../refusal.ts'
import type { Revocations } from '../x509/revocation.ts'

/** What was withdrawn, PROTOCOL.md §19.5. */
export interface Status extends Revocations {
  readonly date: number
  readonly minVersion: number | undefined
  readonly revokedReleases: readonly Uint8Array[]
}

const syntax = 'release.syntax'
const maxFutureMs = 5 * 60_000

/** `payload` is signed. @throws {Refusal} release.syntax, release.invalid */
export function readStatus(payload: Uint8Array): Status {
  const members = new Members(readJson(payload, syntax), 'status', syntax)
  const serials = members.optionalList('revokedSerials', 1024, (value) => {
    const entry = members.member(value, 'serial')
    const read = { issuer: entry.hex('issuer', 32), serial: entry.text('serial', /^(?!00)(?:[0-9a-f]{2}){1,20}$/) }
    entry.end()
    return read
  })
  const status: Status = {
    date: members.integer('date', 0, Number.MAX_SAFE_INTEGER),
    minVersion: members.optionalInteger('minVersion', 1, Number.MAX_SAFE_INTEGER),
    revokedReleases: members.optionalHexList('revokedReleases', 1024, 32) ?? [],
    revokedCertificates: members.optionalHexList('revokedCertificates', 1024, 32) ?? [],
    revokedSerials: serials ?? [],
  }
  members.end()
  return status
}

/** What one of the two withdraws by hash or by number, under the floor of the first. */
export function both(then: Status | undefined, later: Status): Status {
  if (then === undefined) return { ...later, minVersion: undefined }
  return {
    ...then,
    revokedReleases: [...then.revokedReleases, ...later.revokedReleases],
    revokedCertificates: [...then.revokedCertificates, ...later.revokedCertificates],
    revokedSerials: [...then.revokedSerials, ...later.revokedSerials],
  }
}

/** @throws {Refusal} release.status_future */
export function checkHappened({ date }: Status, nowMs: number): void {
  demand(date <= nowMs + maxFutureMs, 'release.status_future', `dated ${date}`)
}

/** `newest` is the date of the newest status of earlier visits. @throws {Refusal} release.status_back, release.status_stale */
export function checkDate({ date }: Status, newest: bigint, nowMs: number, maxAgeMs: number): void {
  demand(BigInt(date) >= newest, 'release.status_back', `dated ${date}, after ${newest}`)
  demand(nowMs - date <= maxAgeMs, 'release.status_stale', `dated ${date}`)
}
