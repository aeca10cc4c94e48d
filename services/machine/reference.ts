import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bootDisk } from '../../packages/image/build/esp.ts'
import { unpacked } from '../../packages/image/build/unpacked.ts'
import type { Firmware } from './firmware.ts'
import type { Values } from './golden.ts'
import type { Shape } from './qemu.ts'
import { startQemu } from './start-qemu.ts'
import { extensions } from './tpm-record.ts'
import { startMachineTpm } from './vm-tpm.ts'

/** What firmware and machine alone decide. */
export const platformPcrs: readonly number[] = [0, 1, 2, 3, 6, 7]

/** The last that firmware measures into each of these PCRs before it starts a program (Firmware Profile §3.3.2.2). */
const separator = createHash('sha256').update(Buffer.alloc(4)).digest('hex')

const patienceMs = 120_000

export interface ReferenceInput {
  readonly firmware: Firmware
  readonly shape: Shape
  /** A boot disk from which nothing starts. */
  readonly emptyDisk: string
  readonly accelerator: 'kvm' | 'tcg'
  readonly folder: string
  readonly signal: AbortSignal
}

/**
 * Boots firmware and machine without an image, and computes PCR 0 to 3, 6 and 7 from the commands that firmware gave the TPM.
 *
 * @returns index to value, SHA-256 bank, hexadecimal
 * @throws {Error} where firmware does not finish its measurements
 */
export async function referenceBoot(input: ReferenceInput): Promise<Record<string, string>> {
  const { firmware, shape, emptyDisk, accelerator, folder, signal } = input
  // The same devices as the real machine has: firmware measures which ones it could boot from.
  const blank = join(folder, 'blank.img')
  await writeFile(blank, Buffer.alloc(1 << 20))
  const { child, tpm, stop } = await startQemu({
    name: 'the reference machine (QEMU)',
    folder,
    shape,
    accelerator,
    firmware,
    disks: { boot: emptyDisk, model: blank, configuration: blank, documents: blank },
    startTpm: (own, abort) => startMachineTpm(own, abort, { recorded: true }),
    signal,
  })
  try {
    const end = performance.now() + patienceMs
    while (performance.now() < end && child.running) {
      const values = platformValues(await readFile(tpm.log, 'latin1'))
      if (values !== undefined) return values
      await sleep(100, undefined, { signal })
    }
    throw new Error(`Firmware did not end its measurements within ${patienceMs / 1000} s.${child.describe()}`)
  } finally {
    await stop()
  }
}

export interface PlatformInput {
  readonly firmware: Firmware
  readonly shape: Shape
  readonly accelerator: 'kvm' | 'tcg'
  readonly onProgress?: (message: string) => void
  readonly signal: AbortSignal
}

/** PCR 0 to 3, 6 and 7 of a firmware on a machine of this shape: boots it without an image. */
export async function platformOf({ onProgress = () => {}, ...input }: PlatformInput): Promise<Values> {
  const { memory, processors } = input.shape
  onProgress(`reference boot of the firmware without an image (${memory} MiB, ${processors} processors)`)
  const folder = await mkdtemp(join(tmpdir(), 'blindllama-reference-'))
  try {
    const emptyDisk = join(folder, 'empty.img')
    await bootDisk(await unpacked('tools', onProgress), emptyDisk, undefined)
    return await referenceBoot({ ...input, emptyDisk, folder })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Values of the platform's PCRs up to the separator of each; undefined while one of them has none.
 *
 * @param record what swtpm was asked
 */
export function platformValues(record: string): Record<string, string> | undefined {
  const values = new Map<number, Buffer>()
  const ended = new Set<number>()
  for (const { pcr, digest } of extensions(record)) {
    if (!platformPcrs.includes(pcr) || ended.has(pcr)) continue
    const before = values.get(pcr) ?? Buffer.alloc(32)
    values.set(pcr, createHash('sha256').update(before).update(Buffer.from(digest, 'hex')).digest())
    if (digest === separator) ended.add(pcr)
  }
  if (ended.size < platformPcrs.length) return undefined
  return Object.fromEntries(platformPcrs.map((pcr) => [String(pcr), values.get(pcr)!.toString('hex')]))
}
