import { writeFile } from 'node:fs/promises'
import type { Settings } from './guest-configuration.ts'

/** A head and the longest body (PROTOCOL.md §24.7). */
export const diskBytes: number = 4096 + 1_048_576

/** Writes a disk without documents. */
export async function writeEmptyDisk(path: string): Promise<void> {
  await writeFile(path, Buffer.alloc(diskBytes))
}

/** Settings of a gateway whose release and status are on the disk of documents. */
export const releaseSettings: Settings = {
  attestation: { release: '/run/gateway/documents/release.cbor', status: '/run/gateway/documents/status.cbor' },
}
