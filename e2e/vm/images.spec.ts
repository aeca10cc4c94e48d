import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { modelDisk } from '../../packages/image/build/model-disk.ts'
import { artifacts, modelId } from '../../services/staging/artifacts.ts'
import { llamaServers } from '../../packages/image/build/llama-server.ts'
import { assemble, diskWith, flip, partsOf, tools, withFile } from './images.ts'
import { expect, test } from './fixtures.ts'
import type { Machines } from './machines.ts'

/** A copy of the released image with one bit flipped in a text of it, at which nothing looks before it is measured. */
async function flippedIn(image: string, text: string, folder: string): Promise<string> {
  const at = (await readFile(image)).indexOf(text)
  expect(at, `'${text}' in the image`).toBeGreaterThan(0)
  const changed = join(folder, 'changed.efi')
  await copyFile(image, changed)
  await flip(changed, at)
  return changed
}

/** Starts a machine that must end at a block of its disk, before its gateway starts. */
async function endsOver(machines: Machines, disk: string): Promise<void> {
  const { machine, stop } = await machines.start({ modelDisk: disk })
  try {
    await machine.qemu.exited
    const console = await machine.console()
    expect(console).toContain('dm-verity device corrupted')
    expect(console, 'no gateway').not.toContain('"event":"start"')
  } finally {
    await stop()
  }
}

test('an image with one changed letter of its command line is refused', async ({ machines, folder, verdictAfter }) => {
  const changed = await flippedIn(machines.release.image.uki, 'quiet loglevel', folder)
  expect(await verdictAfter({ bootDisk: await diskWith(changed, folder) })).toBe('pcr.mismatch')
})

test('a kernel with one flipped bit is refused', async ({ machines, folder, verdictAfter }) => {
  // The kernel's own version text, in the part of it that is not compressed: it starts as before.
  const changed = await flippedIn(machines.release.image.uki, 'debian-kernel@lists.debian.org', folder)
  expect(await verdictAfter({ bootDisk: await diskWith(changed, folder) })).toBe('pcr.mismatch')
})

test('another initrd under the same kernel and command line is refused', async ({ machines, folder, verdictAfter }) => {
  const parts = await withFile(await partsOf(machines.release.image.uki, folder), 'usr/bin/evil', 'evil', folder)
  expect(await verdictAfter({ bootDisk: await diskWith(await assemble(parts, folder), folder) })).toBe('pcr.mismatch')
})

test('an image for debugging, whose kernel tells everything, is refused', async ({ machines, visitor, folder }) => {
  const parts = await partsOf(machines.release.image.uki, folder)
  const commandLine = parts.commandLine.replace('quiet loglevel=3', 'debug ignore_loglevel')
  expect(commandLine).not.toBe(parts.commandLine)
  const bootDisk = await diskWith(await assemble({ ...parts, commandLine }, folder), folder)
  const { machine, stop, ...booted } = await machines.boot({ bootDisk })
  try {
    expect(await machine.console(), 'it is a build for debugging').toContain('Run /init as init process')
    expect(await visitor.verdict(booted)).toBe('pcr.mismatch')
  } finally {
    await stop()
  }
})

test('an image that names another model is refused, with the disk of that model', async ({
  machines,
  folder,
  verdictAfter,
}) => {
  const { disk, parameter } = await otherModel(folder)
  const parts = await partsOf(machines.release.image.uki, folder)
  const commandLine = parts.commandLine.replace(/blindllama\.model=\S+/, `blindllama.model=${parameter}`)
  const bootDisk = await diskWith(await assemble({ ...parts, commandLine }, folder), folder)
  expect(await verdictAfter({ bootDisk, modelDisk: disk })).toBe('pcr.mismatch')
})

test('the disk of another model, whole in itself, ends the machine of the release', async ({ machines, folder }) => {
  const { disk } = await otherModel(folder)
  await endsOver(machines, disk)
})

test('one flipped byte of the verified disk ends the machine', async ({ machines, folder }) => {
  const disk = join(folder, 'model.img')
  await copyFile(machines.release.image.modelDisk, disk)
  // Within the model's weights: the file system itself stays readable.
  await flip(disk, 40 * 1024 * 1024)
  await endsOver(machines, disk)
})

/** The same model under another name: one byte of a file differs, and so does the root hash. */
async function otherModel(folder: string): Promise<{ disk: string; parameter: string }> {
  const files = { model: artifacts.model, name: `${modelId}-other`, servers: await llamaServers(console.log) }
  const { path, parameter } = await modelDisk(await tools(), files, folder, console.log)
  return { disk: path, parameter }
}
