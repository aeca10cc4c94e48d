import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { pcrExtend } from '../../staging/tpm.ts'
import { platformPcrs, platformValues } from '../reference.ts'
import { extensions } from '../tpm-record.ts'

/** As swtpm 0.7 prints a command at level 20: sixteen bytes a line. */
function logged(command: Buffer, length: number = command.length): string {
  const lines =
    command
      .toString('hex')
      .toUpperCase()
      .match(/.{1,32}/g) ?? []
  const bytes = lines.map((line) => ` ${line.replaceAll(/../g, '$& ')}\n`)
  return ` SWTPM_IO_Read: length ${length}\n${bytes.join('')} SWTPM_IO_Write: length 10\n 80 01 00 00 00 0A 00 00 00 00 \n`
}

const digestOf = (data: string | Uint8Array): Buffer => createHash('sha256').update(data).digest()

/** The same command for the banks SHA-1 and SHA-256. */
function inTwoBanks(pcr: number, digest: Buffer): Buffer {
  const one = pcrExtend(pcr, digest)
  const sha1 = Buffer.concat([Buffer.from([0, 4]), Buffer.alloc(20, 7)])
  const count = Buffer.from([0, 0, 0, 2])
  const both = Buffer.concat([one.subarray(0, 27), count, sha1, one.subarray(31)])
  both.writeUInt32BE(both.length, 2)
  return both
}

describe('a record of TPM commands', () => {
  it('gives the extensions of the SHA-256 bank in order', () => {
    const [a, b] = [digestOf('a'), digestOf('b')]
    const log = ` Ctrl Cmd: length 4\n 00 00 00 10 \n${logged(inTwoBanks(4, a))}${logged(pcrExtend(1, b))}`
    expect(extensions(log)).toEqual([
      { pcr: 4, digest: a.toString('hex') },
      { pcr: 1, digest: b.toString('hex') },
    ])
  })

  it('leaves out a command that is still being written, and every other command', () => {
    const whole = pcrExtend(4, digestOf('a'))
    expect(extensions(logged(whole.subarray(0, 40), whole.length))).toEqual([])
    expect(extensions(logged(Buffer.from('80010000000c0000014400000000', 'hex')))).toEqual([])
  })

  it('refuses a bank that it does not know', () => {
    const command = pcrExtend(4, digestOf('a'))
    command.writeUInt16BE(0x12, 31)
    expect(() => extensions(logged(command))).toThrow('unknown algorithm 0x12')
  })
})

describe('values of the platform', () => {
  const separator = digestOf(Buffer.alloc(4))
  const all = platformPcrs.map((pcr) => logged(pcrExtend(pcr, separator))).join('')

  it('are there once every PCR has its separator, and end with it', () => {
    expect(platformValues(all.slice(0, -200))).toBeUndefined()
    const firmware = digestOf('firmware')
    const values = platformValues(`${logged(pcrExtend(0, firmware))}${all}${logged(pcrExtend(7, firmware))}`)
    const after = (before: Buffer, digest: Buffer): Buffer => digestOf(Buffer.concat([before, digest]))
    const alone = after(Buffer.alloc(32), separator).toString('hex')
    const first = after(after(Buffer.alloc(32), firmware), separator).toString('hex')
    expect(values).toEqual({ 0: first, 1: alone, 2: alone, 3: alone, 6: alone, 7: alone })
  })
})
