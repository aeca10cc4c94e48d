import { all } from '../bytes.ts'
import { demand } from '../refusal.ts'

/** What NVRAM index 0x01400001 holds, PROTOCOL.md §18.2. */
export interface FirmwareReport {
  /** ATTESTATION_REPORT of the processor. */
  readonly processorReport: Uint8Array
  readonly runtimeData: Uint8Array
}

const code = 'platform.report'
const [reportStart, reportLength] = [32, 1184] as const
const dataStart = 1236

/** @throws {Refusal} platform.report */
export function readFirmwareReport(bytes: Uint8Array): FirmwareReport {
  demand(bytes.length > dataStart, code, 'too short')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const uint32 = (offset: number): number => view.getUint32(offset, true)
  demand(Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'HCLA', code, 'signature')
  demand(uint32(4) === 1 || uint32(4) === 2, code, `version ${uint32(4)}`)
  const length = uint32(1232)
  demand(length >= 1 && dataStart + length <= bytes.length, code, 'length of the runtime data')
  demand(uint32(1216) === 20 + length, code, 'length')
  demand(uint32(1220) === 1 && uint32(1224) === 2 && uint32(1228) === 1, code, 'version, kind or hash')
  demand(all(bytes.subarray(dataStart + length), 0), code, 'something other than zeros follows')
  return {
    processorReport: bytes.subarray(reportStart, reportStart + reportLength),
    runtimeData: bytes.subarray(dataStart, dataStart + length),
  }
}
