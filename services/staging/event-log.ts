import { createHash } from 'node:crypto'

// TCG PC Client Platform Firmware Profile, §10.4.1 (event types). Event types are not hashed: they are claims.
export const EV_NO_ACTION = 0x0000_0003
export const EV_SEPARATOR = 0x0000_0004
export const EV_S_CRTM_VERSION = 0x0000_0008
export const EV_COMPACT_HASH = 0x0000_000c
export const EV_EFI_ACTION = 0x8000_0007

const TPM_ALG_SHA256 = 0x000b

export interface LogEvent {
  readonly pcr: number
  readonly type: number
  /** SHA-256: what the PCR is extended with. */
  readonly digest: Uint8Array
  readonly data: Uint8Array
}

/** An event whose digest is the hash of its data: whoever replays the log has the data verified too. */
export function textEvent(pcr: number, type: number, data: Uint8Array): LogEvent {
  return { pcr, type, digest: createHash('sha256').update(data).digest(), data }
}

/** Ends what firmware measures into a PCR (Firmware Profile §3.3.2.2): four zero bytes. */
export function separator(pcr: number): LogEvent {
  return textEvent(pcr, EV_SEPARATOR, new Uint8Array(4))
}

/** An event of a measured file. The data only describe it. */
export function fileEvent(pcr: number, name: string, sha256: string): LogEvent {
  return { pcr, type: EV_COMPACT_HASH, digest: Buffer.from(sha256, 'hex'), data: Buffer.from(`${name} ${sha256}`) }
}

/** Writes a crypto-agile log (Firmware Profile §10.2) for the SHA-256 bank: little-endian throughout. */
export function encodeEventLog(events: readonly LogEvent[]): Buffer {
  return Buffer.concat([specIdEvent(), ...events.map(encodeEvent)])
}

/** TCG_PCR_EVENT2, Firmware Profile §10.2.2. */
function encodeEvent({ pcr, type, digest, data }: LogEvent): Buffer {
  return Buffer.concat([u32(pcr), u32(type), u32(1), u16(TPM_ALG_SHA256), digest, u32(data.length), data])
}

/** The first event, in the old TCG_PCR_EVENT format, holds a TCG_EfiSpecIDEvent: §10.4.5.1. */
function specIdEvent(): Buffer {
  const platformClassClient = u32(0)
  const specVersion2 = Buffer.from([0, 2, 0])
  const uintnOf64Bits = Buffer.from([2])
  const algorithms = Buffer.concat([u32(1), u16(TPM_ALG_SHA256), u16(32)])
  const noVendorInfo = Buffer.from([0])
  const signature = Buffer.from('Spec ID Event03\0', 'ascii')
  const data = Buffer.concat([signature, platformClassClient, specVersion2, uintnOf64Bits, algorithms, noVendorInfo])
  return Buffer.concat([u32(0), u32(EV_NO_ACTION), Buffer.alloc(20), u32(data.length), data])
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
