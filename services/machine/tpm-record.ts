/** A PCR of the SHA-256 bank, and the digest that it was extended with. */
export interface Extension {
  readonly pcr: number
  /** Hexadecimal. */
  readonly digest: string
}

// TCG TPM 2.0 Library, Part 2: §6.9 (TPM_ST), §6.5.2 (TPM_CC), §6.3 (TPM_ALG_ID).
const TPM_ST_SESSIONS = 0x8002
const TPM_CC_PCR_Extend = 0x0000_0182
const digestSizes: ReadonlyMap<number, number> = new Map([
  [0x0004, 20],
  [0x000b, 32],
  [0x000c, 48],
  [0x000d, 64],
])
const TPM_ALG_SHA256 = 0x000b

/**
 * The TPM2_PCR_Extend commands in a log of swtpm at level 20, in order. It shows each command as a line `SWTPM_IO_Read: length N` and
 * lines of hexadecimal bytes.
 */
export function extensions(log: string): Extension[] {
  return [...log.matchAll(/^ ?SWTPM_IO_Read: length (\d+)\n((?: (?:[0-9A-F]{2} )+\n)+)/gm)].flatMap(
    ([, length, lines = '']) => {
      const command = Buffer.from(lines.replaceAll(/\s/g, ''), 'hex')
      // The last command of a log that is still written.
      return command.length === Number(length) ? extension(command) : []
    },
  )
}

function extension(command: Buffer): Extension[] {
  if (command.length < 14 || command.readUInt16BE(0) !== TPM_ST_SESSIONS) return []
  if (command.readUInt32BE(6) !== TPM_CC_PCR_Extend) return []
  const pcr = command.readUInt32BE(10)
  let at = 18 + command.readUInt32BE(14)
  const count = command.readUInt32BE(at)
  at += 4
  for (let index = 0; index < count; index++) {
    const algorithm = command.readUInt16BE(at)
    const size = digestSizes.get(algorithm)
    if (size === undefined)
      throw new Error(`The TPM was given a digest of the unknown algorithm 0x${algorithm.toString(16)}.`)
    if (algorithm === TPM_ALG_SHA256) return [{ pcr, digest: command.toString('hex', at + 2, at + 2 + size) }]
    at += 2 + size
  }
  return []
}
