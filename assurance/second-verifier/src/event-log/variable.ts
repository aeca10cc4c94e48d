import { all, equal, fromHex } from '../bytes.ts'
import { digest, type Hash } from '../crypto.ts'
import { Refusal } from '../refusal.ts'
import type { BankEvent } from './bank.ts'
import { LogReader } from './reader.ts'
import { eventType } from './types.ts'

/** UEFI_VARIABLE_DATA, PFP 1.06 §10.4.4.2. */
export interface Variable {
  /** EFI_GUID as its bytes stand, hex. */
  readonly vendor: string
  readonly name: string
  readonly data: Uint8Array
}

/** 8be4df61-93ca-11d2-aa0d-00e098032b8c, UEFI 2.10 §3.3, as its bytes stand. */
export const efiGlobalVariable = '61dfe48bca93d211aa0d00e098032b8c'
/** d719b2cb-3d3a-4596-a3bc-dad00e67656f, EFI_IMAGE_SECURITY_DATABASE_GUID, UEFI 2.10 §32.6.1. */
export const imageSecurityDatabase = 'cbb219d73a3d9645a3bcdad00e67656f'
/** EFI_CERT_SHA256_GUID, UEFI 2.10 §32.4.1. */
const certSha256 = fromHex('2616c4c14c509240aca941f936934328')

/** undefined where `bytes` are not exactly one variable. */
export function readVariable(bytes: Uint8Array): Variable | undefined {
  return readLeadingVariable(bytes, (rest) => rest === 0n)
}

function readLeadingVariable(bytes: Uint8Array, mayFollow: (rest: bigint) => boolean): Variable | undefined {
  return attempt(() => {
    const reader = new LogReader(bytes)
    const vendor = Buffer.from(reader.take(16)).toString('hex')
    const [nameLength, dataLength] = [reader.uint64(), reader.uint64()]
    const rest = BigInt(reader.rest.length) - nameLength * 2n - dataLength
    if (rest < 0n || !mayFollow(rest)) return undefined
    const name = Buffer.from(reader.take(Number(nameLength) * 2)).toString('utf16le')
    return { vendor, name, data: reader.take(Number(dataLength)) }
  })
}

/** Old shims log bytes after the variable of EV_EFI_VARIABLE_AUTHORITY, and hash all but the last of them. */
export async function authorityOfOldShim(event: BankEvent, hash: Hash): Promise<Variable | undefined> {
  if (event.type !== eventType.variableAuthority || event.data.length === 0) return undefined
  const hashed = event.data.subarray(0, -1)
  return equal(await digest(hash, hashed), event.digest) ? readLeadingVariable(hashed, () => true) : undefined
}

/** EFI_SIGNATURE_LISTs without headers that fill `data`, UEFI 2.10 §32.4.1. */
export function areSignatureLists(data: Uint8Array): boolean {
  const whole = attempt(() => {
    const reader = new LogReader(data)
    while (!reader.atEnd) if (!readSignatureList(reader)) return false
    return true
  })
  return whole === true
}

function readSignatureList(reader: LogReader): boolean {
  const type = reader.take(16)
  const [listSize, headerSize, entrySize] = [reader.uint32(), reader.uint32(), reader.uint32()]
  const entries = listSize - 28
  const sized = equal(type, certSha256) ? entrySize === 48 : entrySize > 16
  if (headerSize !== 0 || !sized || entries < 0 || entries % entrySize !== 0) return false
  reader.take(entries)
  return true
}

function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

/** `SecureBoot` is off where it holds nothing. */
export function isOn({ data }: Variable): boolean {
  return data.length === 1 && all(data, 1)
}
