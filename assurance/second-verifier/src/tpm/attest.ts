import { demand } from '../refusal.ts'
import { TpmReader } from './reader.ts'

/** TPM_GENERATED_VALUE, TPM 2.0 Part 2 §6.2. */
const magic = 0xff544347
/** TPM_ST_ATTEST_QUOTE, Part 2 §6.9. */
const quoteTag = 0x8018
/** As many banks as the libraries of the TSS reserve room for, TPM2_NUM_PCR_BANKS. */
const maxBanks = 16
/** sizeof(TPMT_HA) with SHA-512: TPM2B_NAME (Part 2 §10.5.3) and TPM2B_DATA (§10.4.3) hold no more. */
const maxHash = 2 + 64

/** TPMS_PCR_SELECTION, Part 2 §10.6.2. */
export interface PcrSelection {
  readonly hash: number
  readonly pcrSelect: Uint8Array
}

/** TPMS_ATTEST with TPMS_QUOTE_INFO, Part 2 §10.12.12 and §10.12.4. */
export interface Quote {
  readonly qualifiedSigner: Uint8Array
  readonly extraData: Uint8Array
  readonly clock: bigint
  readonly resetCount: number
  readonly restartCount: number
  readonly safe: boolean
  readonly firmwareVersion: bigint
  readonly selections: readonly PcrSelection[]
  readonly pcrDigest: Uint8Array
}

/** @throws {Refusal} attest.magic, attest.type, attest.syntax */
export function readQuote(bytes: Uint8Array): Quote {
  const reader = new TpmReader(bytes, 'attest.syntax')
  demand(reader.uint32() === magic, 'attest.magic', 'not TPM_GENERATED_VALUE')
  demand(reader.uint16() === quoteTag, 'attest.type', 'not TPM_ST_ATTEST_QUOTE')
  const qualifiedSigner = reader.sized(maxHash)
  const extraData = reader.sized(maxHash)
  const [clock, resetCount, restartCount, safe] = [reader.uint64(), reader.uint32(), reader.uint32(), reader.uint8()]
  demand(safe <= 1, 'attest.syntax', `clockInfo.safe is ${safe}`)
  const firmwareVersion = reader.uint64()
  const count = reader.uint32()
  demand(count <= maxBanks, 'attest.syntax', `${count} selections`)
  const selections = Array.from({ length: count }, () => ({
    hash: reader.uint16(),
    pcrSelect: reader.take(reader.uint8()),
  }))
  const pcrDigest = reader.sized(64)
  reader.end()
  return {
    qualifiedSigner,
    extraData,
    clock,
    resetCount,
    restartCount,
    safe: safe === 1,
    firmwareVersion,
    selections,
    pcrDigest,
  }
}
