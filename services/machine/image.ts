/** `pnpm image`: builds the image of this checkout. */
import { stat, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { sha256File } from '../../packages/image/build/cache.ts'
import { rebuildImage } from '../../packages/image/build/image.ts'
import { artifacts, modelId, requireArtifacts } from '../staging/artifacts.ts'
import { defaultShape } from './qemu.ts'
import { measuredRelease } from './release.ts'
import { requireForImage } from './requirements.ts'
import { updateLock } from '../../packages/image/build/update-lock.ts'

const usage = `Usage: pnpm image [options]

Builds the measured image: a unified kernel image, its boot disk, and the verified disk of the model.

  --platform FILE boot the firmware without the image as well, and write PCR 0 to 3, 6 and 7 of this machine to FILE,
                  for: blindllama release measure --platform FILE
  --memory N      with --platform: memory of the machine in MiB (1024)
  --update-lock   lock the current packages of Debian instead, in packages/image/packages.lock
  --help          this text
`

const started: number = performance.now()
let shown = ''

/** One line for each step; counts within a step are left out where no terminal overwrites them. */
function progress(message: string): void {
  const step = message.replace(/: \d+ of \d+$/, '')
  if (step === shown) return
  shown = step
  process.stdout.write(`  ${((performance.now() - started) / 1000).toFixed(1)} s  ${step}\n`)
}

/** What `blindllama release measure --platform` reads. */
async function writePlatform(file: string, memory: number): Promise<void> {
  const shape = { ...defaultShape, memory }
  const { platform } = await measuredRelease({ shape, onProgress: progress, signal: new AbortController().signal })
  const name = `OVMF 2025.02, ${shape.memory} MiB, ${shape.processors} processors`
  await writeFile(file, `${JSON.stringify({ name, pcrs: platform }, undefined, 2)}\n`)
  process.stdout.write(`${name}: ${file}\n`)
}

function memoryOf(text = String(defaultShape.memory)): number {
  const memory = Number(text)
  if (!Number.isInteger(memory) || memory < 768 || memory > 16_384)
    throw new Error('--memory must be a number from 768 to 16384, in MiB')
  return memory
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      platform: { type: 'string' },
      memory: { type: 'string' },
      'update-lock': { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) process.stdout.write(usage)
  else if (values['update-lock'] === true) await updateLock(progress)
  else {
    await requireForImage()
    await requireArtifacts(['model'])
    const image = await rebuildImage({ model: artifacts.model, name: modelId }, progress)
    for (const file of [image.uki, image.bootDisk, image.modelDisk]) {
      const mebibytes = ((await stat(file)).size / (1 << 20)).toFixed(1)
      process.stdout.write(`${await sha256File(file)}  ${mebibytes.padStart(6)} MiB  ${file}\n`)
    }
    if (values.platform !== undefined) await writePlatform(values.platform, memoryOf(values.memory))
  }
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
