import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import '../../../tools/environment.ts'
import { encodeEventLog, separator } from '../event-log.ts'
import { pcrRules, toEvents } from '../measurements.ts'
import { replay } from '../replay.ts'
import { startSoftwareTpm, type SoftwareTpm } from '../swtpm.ts'
import { extendPcrs, pcrExtend } from '../tpm.ts'
import { testFolder } from './folder.ts'

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
const measured = [
  { name: 'gateway', sha256: digest('a gateway'), pcr: 4 },
  { name: 'model server', sha256: digest('a model server'), pcr: 9 },
  { name: 'model', sha256: digest('a model'), pcr: 9 },
  { name: 'gateway configuration', sha256: digest('a configuration'), pcr: 11 },
]

async function tpmForTest(): Promise<SoftwareTpm> {
  const tpm = await startSoftwareTpm(testFolder(), new AbortController().signal)
  onTestFinished(async () => tpm.child.stop())
  return tpm
}

/** PCR values in the way tpm2-tools prints them: `4 : 0x…` */
function values(printed: string): Map<number, string> {
  const lines = printed.matchAll(/^\s*(\d+)\s*: 0x([0-9a-fA-F]{64})$/gm)
  return new Map([...lines].map(([, pcr, value]) => [Number(pcr), value!.toLowerCase()]))
}

function read(tpm: SoftwareTpm): Map<number, string> {
  const selection = `sha256:${Object.keys(pcrRules).join(',')}`
  return values(execFileSync('tpm2_pcrread', ['--tcti', tpm.tcti, selection], { encoding: 'utf8' }))
}

it('leads a TPM to exactly the values that were computed without it', async () => {
  const tpm = await tpmForTest()
  const events = toEvents(measured)
  await extendPcrs(tpm.port, events)
  const held = read(tpm)
  const golden = replay(events)
  for (const [pcr, rule] of Object.entries(pcrRules)) {
    const expected = rule === 'golden' ? golden.get(Number(pcr)) : '00'.repeat(32)
    expect(held.get(Number(pcr)), `PCR ${pcr}`).toBe(expected)
  }
})

it('leads to other values when one file, or the order, is another', () => {
  const golden = replay(toEvents(measured))
  const otherModel = measured.map((entry) => (entry.name === 'model' ? { ...entry, sha256: digest('another') } : entry))
  const swapped = measured.toSpliced(1, 2, measured[2]!, measured[1]!)
  for (const list of [otherModel, swapped]) expect(replay(toEvents(list)).get(9)).not.toBe(golden.get(9))
  expect(replay(toEvents(otherModel)).get(4)).toBe(golden.get(4))
})

it('writes a log that tpm2_eventlog replays to the same values', () => {
  const events = toEvents(measured)
  const log = join(testFolder(), 'event.log')
  writeFileSync(log, encodeEventLog(events))
  const printed = execFileSync('tpm2_eventlog', [log], { encoding: 'utf8' })
  expect(values(printed)).toEqual(replay(events))
  expect(printed.match(/EV_SEPARATOR/g)).toHaveLength(8)
})

it('says in the log what was measured, in words', () => {
  const log = encodeEventLog(toEvents(measured))
  expect(log.includes(Buffer.from(`gateway ${digest('a gateway')}`))).toBe(true)
  expect(log.includes(Buffer.from('no firmware and no operating system was measured', 'utf16le'))).toBe(true)
})

it('names the response code when the TPM refuses', async () => {
  const tpm = await tpmForTest()
  const outside = { ...separator(0), pcr: 99 }
  await expect(extendPcrs(tpm.port, [outside])).rejects.toThrow(/response code 0x/)
})

it('refuses a digest of another length', () => {
  expect(() => pcrExtend(4, new Uint8Array(20))).toThrow('32 bytes')
})
