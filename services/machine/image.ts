/** `pnpm image`: builds the image of this checkout. */
import { stat } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { sha256File } from '../../packages/image/build/cache.ts'
import { checkImage } from '../../packages/image/build/check.ts'
import { rebuildImage, type Image, type Language } from '../../packages/image/build/image.ts'
import { bars, titles } from '../../packages/image/build/sizes.ts'
import { replaceFile } from '../../packages/cli/src/replace-file.ts'
import { killRunning } from '../../tools/run/command.ts'
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
  --check         build twice, in two folders, with another umask, number of jobs and day, and compare the bytes; list every file
                  with its package, and hold the sizes against their bars
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
  await replaceFile(file, `${JSON.stringify({ name, pcrs: platform }, undefined, 2)}\n`)
  process.stdout.write(`${name}: ${file}\n`)
}

function memoryOf(text = String(defaultShape.memory)): number {
  const memory = Number(text)
  if (!Number.isInteger(memory) || memory < 768 || memory > 16_384)
    throw new Error('--memory must be a number from 768 to 16384, in MiB')
  return memory
}

const language: Language = { model: artifacts.model, name: modelId }

const mebibytes = (bytes: number): string => `${(bytes / (1 << 20)).toFixed(1).padStart(6)} MiB`

async function printImage(image: Image): Promise<void> {
  for (const file of [image.uki, image.bootDisk, image.modelDisk, image.files, image.sbom])
    process.stdout.write(`${await sha256File(file)}  ${mebibytes((await stat(file)).size)}  ${file}\n`)
}

/** Throws where the check has found something: the command ends with 1. */
async function check(): Promise<void> {
  const { image, contents, sizes, faults } = await checkImage(language, progress)
  for (const { part, path, size, package: owner } of contents)
    process.stdout.write(`  ${String(size).padStart(10)}  ${part}: ${path}  (${owner})\n`)
  await printImage(image)
  for (const name of ['image', 'withoutModel'] as const)
    process.stdout.write(`${titles[name]}: ${sizes[name]} bytes, at most ${bars[name]}\n`)
  if (faults.length > 0) throw new Error(['The check has failed.', ...faults].join('\n  '))
  process.stdout.write(`Two builds, the same bytes; ${contents.length} files and sections, each with its package.\n`)
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean' },
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
    if (values.check === true) await check()
    else await printImage(await rebuildImage(language, progress))
    if (values.platform !== undefined) await writePlatform(values.platform, memoryOf(values.memory))
  }
}

// Compilers run in process groups of their own: an interrupted build ends them.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    killRunning()
    process.exit(1)
  })

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
