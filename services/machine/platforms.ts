import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { sha256, sha256File } from '../../packages/image/build/cache.ts'
import { imageFolder } from '../../packages/image/build/image.ts'
import type { Values } from './golden.ts'
import { qemuArguments, type Shape } from './qemu.ts'
import { platformOf, type PlatformInput } from './reference.ts'
import '../../tools/environment.ts'

/** A row of the table: what firmware measured on a machine of one shape. */
export interface Platform {
  readonly name: string
  readonly shape: Shape
  /** Digest of everything else that decides the values: rows of other firmware or machines are left out. */
  readonly machine: string
  readonly pcrs: Values
}

/** Machine shapes whose values are known here, by reference boots. */
const table = join(imageFolder, 'platforms.json')

/** PROTOCOL.md §19.4. */
const mostPlatforms = 64

async function rows(): Promise<readonly Platform[]> {
  const text = await readFile(table, 'utf8').catch(() => '[]')
  return JSON.parse(text) as readonly Platform[]
}

/** Digest of firmware, emulator, processor and devices. */
async function machineOf({ firmware, accelerator }: PlatformInput): Promise<{ digest: string; emulator: string }> {
  const { stdout } = await promisify(execFile)('qemu-system-x86_64', ['--version'], { timeout: 10_000 })
  const [emulator = ''] = stdout.split('\n')
  const words = qemuArguments({
    shape: { memory: 0, processors: 0 },
    accelerator,
    firmware: { ...firmware, code: '', variables: '' },
    variables: '',
    disks: { boot: '', model: '', configuration: '', documents: '' },
    tpm: '',
  })
  const processor = accelerator === 'kvm' ? cpus()[0]?.model : ''
  const files = [await sha256File(firmware.code), await sha256File(firmware.variables)]
  return { digest: sha256(JSON.stringify([emulator, words, processor, files])), emulator }
}

/**
 * The rows of this firmware and kind of machine, the wanted shape first. A shape that has no row yet is booted without an image.
 */
export async function knownPlatforms(input: PlatformInput): Promise<readonly [Platform, ...Platform[]]> {
  const { shape, accelerator } = input
  const { digest, emulator } = await machineOf(input)
  const all = await rows()
  // The newest rows that fit into a manifest with the wanted one.
  const ours = all.filter(({ machine }) => machine === digest).slice(1 - mostPlatforms)
  const isWanted = (row: Platform): boolean => JSON.stringify(row.shape) === JSON.stringify(shape)
  const found = ours.find(isWanted)
  if (found !== undefined) return [found, ...ours.filter((row) => row !== found)]
  const [, version = emulator] = /version ([\d.]+)/.exec(emulator) ?? []
  const machine = `QEMU ${version}${accelerator === 'kvm' ? ', KVM' : ''}`
  const name = `OVMF 2025.02, ${machine}, ${shape.memory} MiB, ${shape.processors} processors`
  const row: Platform = { name, shape, machine: digest, pcrs: await platformOf(input) }
  // The table may have grown during the boot.
  await writeFile(table, `${JSON.stringify([...(await rows()), row], undefined, 2)}\n`)
  return [row, ...ours]
}
