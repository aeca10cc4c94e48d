import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { sha256, sha256File } from '../../packages/image/build/cache.ts'
import { imageFolder } from '../../packages/image/build/image.ts'
import { oneAtATime } from '../../packages/image/build/one-at-a-time.ts'
import { replaceFile } from '../../packages/cli/src/replace-file.ts'
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
  const known = await lookUp(input)
  if (known.found !== undefined) return [known.found, ...known.others]
  return oneAtATime(`${table}.lock`, input.onProgress ?? (() => {}), async () => {
    // Another process may have booted it meanwhile. A manifest that names a shape twice is refused.
    const { found, others, digest, emulator } = await lookUp(input)
    if (found !== undefined) return [found, ...others]
    const [, version = emulator] = /version ([\d.]+)/.exec(emulator) ?? []
    const machine = `QEMU ${version}${accelerator === 'kvm' ? ', KVM' : ''}`
    const name = `OVMF 2025.02, ${machine}, ${shape.memory} MiB, ${shape.processors} processors`
    const row: Platform = { name, shape, machine: digest, pcrs: await platformOf(input) }
    // Replaced whole: other processes read it at any time.
    await replaceFile(table, `${JSON.stringify([...(await rows()), row], undefined, 2)}\n`)
    return [row, ...others]
  })
}

/** The row of the wanted shape, and the newest other rows that fit into a manifest with it. */
async function lookUp(input: PlatformInput): Promise<{
  found: Platform | undefined
  others: readonly Platform[]
  digest: string
  emulator: string
}> {
  const { digest, emulator } = await machineOf(input)
  const isWanted = (row: Platform): boolean => JSON.stringify(row.shape) === JSON.stringify(input.shape)
  const ours = (await rows()).filter(({ machine }) => machine === digest)
  const others = ours.filter((row) => !isWanted(row)).slice(1 - mostPlatforms)
  return { found: ours.find(isWanted), others, digest, emulator }
}
