import { expect, test } from 'vitest'
import type { EventLogReport } from '../src/eventlog/report.js'
import { blindllama, file, runAs } from './support/run.js'
import { cryptoAgileLog, event, sha1 } from './support/event-log.js'

const separator = Buffer.alloc(4)

test('a log is shown PCR by PCR, with what its digests prove', async () => {
  const log = file('log', cryptoAgileLog([event(7, 4, separator), event(4, 5, Buffer.from('Calling'))]))
  const { exitCode, out } = await blindllama('eventlog', log)
  expect(exitCode).toBe(0)
  expect(out).toMatch(/PCR 7 {2}[0-9a-f]{64}/)
  expect(out).toMatch(/✓ +1 {2}EV_SEPARATOR/)
  expect(out).toContain('NOT VERIFIED')
})

test('a program gets a line for each log', async () => {
  const [good, bad] = [file('good', cryptoAgileLog([event(7, 4, separator)])), file('bad', Buffer.from('no log'))]
  const { exitCode, out } = await blindllama('eventlog', good, bad, '--json')
  const reports = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as EventLogReport)
  expect(exitCode).toBe(1)
  expect(reports[0]).toMatchObject({ name: good, parse: 'ok', bank: 'sha256', verified: false })
  expect(reports[1]?.parse).toMatch(/^eventlog\./)
})

test('a bank without a digest of every event is named and has no values', async () => {
  const log = file('one-bank', cryptoAgileLog([event(7, 4, separator)], [sha1]))
  const { exitCode, out } = await blindllama('eventlog', log)
  expect(exitCode).toBe(0)
  expect(out).toMatch(/banks sha256$/m)
  expect(out).toContain('sha1 is not replayed: event 1 has no digest of it')
  const { out: json } = await blindllama('eventlog', log, '--json')
  const { replayedPcrs, incomplete } = JSON.parse(json) as EventLogReport
  expect(Object.keys(replayedPcrs ?? {})).toEqual(['sha256'])
  expect(incomplete).toEqual([{ bank: 'sha1', event: 1 }])
})

test('one flipped byte of what was measured is no longer shown as proven', async () => {
  const log = cryptoAgileLog([event(7, 4, separator)])
  log[log.length - 1] = 1
  const { out } = await blindllama('eventlog', file('flipped', log))
  expect(out).toMatch(/\? +1 {2}EV_SEPARATOR/)
})

test('Secure Boot is what the log says, and no check of a log is shown in green', async () => {
  const log = file('colored', cryptoAgileLog([event(7, 4, separator)]))
  const { out } = await runAs({ FORCE_COLOR: '1', NO_COLOR: '' }, 'eventlog', log)
  expect(out).toContain('Secure Boot, as the log says')
  expect(out).not.toContain('\u001B[32m')
})
