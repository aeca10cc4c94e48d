import { readFile } from 'node:fs/promises'

// UEFI firmware of the EDK II project keeps variables in a firmware volume (Platform Initialization Specification, Volume 3 §3.2.1); the
// store and its entries are those of MdeModulePkg/Include/Guid/VariableFormat.h, in the form with authentication.
const headerLengthAt = 48
const storeHeader = 28
const storeGuid = Buffer.from('782cf3aa7b949a43a1802e144ec37792', 'hex')
const entryHeader = 60
const entryStart = 0x55aa
/** VAR_ADDED: the entry is valid. */
const added = 0x3f
/** NON_VOLATILE, BOOTSERVICE_ACCESS, RUNTIME_ACCESS. */
const attributes = 7

/** The store of a machine's variables with one more: what a host, or the tenant of a cloud, can set before a start. */
export function withVariable(store: Buffer, guid: string, name: string, data: Buffer): Buffer {
  const changed = Buffer.from(store)
  const first = changed.readUInt16LE(headerLengthAt)
  if (!changed.subarray(first, first + 16).equals(storeGuid))
    throw new Error('no store of variables with authentication')
  let at = first + storeHeader
  while (changed.readUInt16LE(at) === entryStart)
    at = aligned(at + entryHeader + changed.readUInt32LE(at + 36) + changed.readUInt32LE(at + 40))
  const title = Buffer.from(`${name}\0`, 'utf16le')
  const header = Buffer.alloc(entryHeader)
  header.writeUInt16LE(entryStart, 0)
  header.writeUInt8(added, 2)
  header.writeUInt32LE(attributes, 4)
  header.writeUInt32LE(title.length, 36)
  header.writeUInt32LE(data.length, 40)
  guidBytes(guid).copy(header, 44)
  const entry = Buffer.concat([header, title, data])
  if (changed.subarray(at, at + entry.length).some((byte) => byte !== 0xff)) throw new Error('the store is full')
  entry.copy(changed, at)
  return changed
}

/** Whether a store has a valid variable of this name. */
export async function hasVariable(path: string, name: string): Promise<boolean> {
  const store = await readFile(path)
  const title = store.indexOf(Buffer.from(`${name}\0`, 'utf16le'))
  return title > entryHeader && store.readUInt8(title - entryHeader + 2) === added
}

const aligned = (offset: number): number => (offset + 3) & ~3

/** The first three groups are little-endian. */
function guidBytes(text: string): Buffer {
  const [a = '', b = '', c = '', ...rest] = text.split('-')
  const reversed = [a, b, c].map((group) => Buffer.from(group, 'hex').toReversed())
  return Buffer.concat([...reversed.map((bytes) => Buffer.from(bytes)), Buffer.from(rest.join(''), 'hex')])
}
