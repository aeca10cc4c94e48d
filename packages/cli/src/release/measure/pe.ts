import { createHash } from 'node:crypto'
import { Failure } from '../../failure.js'
import { exit } from '../../exit.js'

/** A section of a PE file: its bytes as they are in memory, without the padding of the file. */
export interface Section {
  name: string
  content: Uint8Array
}

export interface Pe {
  sections: readonly Section[]
  /** What firmware measures when it starts the file: SHA-256 by the rules of Authenticode. */
  authenticode: Uint8Array
}

const optionalHeaderMagic = 0x20b
/** Certificate Table, the fifth data directory. */
const certificateDirectory = 4
const mostSections = 96

/**
 * Reads a PE32+ file (Microsoft PE Format; the hash as in "Windows Authenticode Portable Executable Signature Format", as UEFI §32.4 uses
 * it). Every offset is checked: a file that is cut off or contradicts itself is refused.
 *
 * @throws {Failure} `cli.file`
 */
export function readPe(name: string, bytes: Uint8Array): Pe {
  const refuse = (what: string): Failure =>
    new Failure('cli.file', `${name} is no UEFI program: ${what}. Name a unified kernel image (.efi)`, exit.undecided)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const within = (offset: number, length: number): number => {
    if (offset < 0 || length < 0 || offset + length > bytes.length) throw refuse('it is cut off')
    return offset
  }
  const u16 = (offset: number): number => view.getUint16(within(offset, 2), true)
  const u32 = (offset: number): number => view.getUint32(within(offset, 4), true)

  if (bytes.length < 64 || u16(0) !== 0x5a4d) throw refuse("it does not begin with 'MZ'")
  const header = u32(0x3c)
  if (u32(header) !== 0x4550) throw refuse('it has no PE header')
  const count = u16(header + 6)
  const optional = header + 24
  if (u16(optional) !== optionalHeaderMagic) throw refuse('it is not for 64 bits')
  if (count > mostSections) throw refuse(`it has ${count} sections`)
  const sizeOfHeaders = u32(optional + 60)
  const directories = u32(optional + 108)
  const certificateEntry = optional + 112 + 8 * certificateDirectory
  const table = optional + u16(header + 20)
  if (directories <= certificateDirectory) throw refuse('it has no certificate directory')
  const certificates = u32(certificateEntry + 4)

  const entries = Array.from({ length: count }, (_, index) => {
    const at = table + 40 * index
    within(at, 40)
    const [virtualSize, , rawSize, raw] = [u32(at + 8), u32(at + 12), u32(at + 16), u32(at + 20)]
    within(raw, rawSize)
    const title = Buffer.from(bytes.subarray(at, at + 8))
      .toString('latin1')
      .replace(/\0+$/, '')
    return { name: title, raw, rawSize, content: bytes.subarray(raw, raw + Math.min(virtualSize, rawSize)) }
  })

  const hash = createHash('sha256')
  const part = (from: number, to: number): void => {
    within(from, to - from)
    hash.update(bytes.subarray(from, to))
  }
  const checksum = optional + 64
  part(0, checksum)
  part(checksum + 4, certificateEntry)
  part(certificateEntry + 8, sizeOfHeaders)
  let hashed = sizeOfHeaders
  for (const { raw, rawSize } of entries.filter((entry) => entry.rawSize > 0).toSorted((a, b) => a.raw - b.raw)) {
    part(raw, raw + rawSize)
    hashed += rawSize
  }
  // Whatever stands behind the sections, without the certificates.
  const end = bytes.length - certificates
  if (end > hashed) part(hashed, end)
  return {
    sections: entries.map(({ name: title, content }) => ({ name: title, content })),
    authenticode: hash.digest(),
  }
}
