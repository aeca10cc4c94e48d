import { appendFile, copyFile, open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bootDisk } from '../../packages/image/build/esp.ts'
import { run } from '../../packages/image/build/run.ts'
import { contentOf, sectionFiles } from '../../packages/image/build/sections.ts'
import { runTool, unpacked } from '../../packages/image/build/unpacked.ts'

export const tools = async (): Promise<string> => unpacked('tools', console.log)

/** Parts of a unified kernel image, as files. */
export interface Parts {
  readonly linux: string
  readonly initrd: string
  readonly osrel: string
  readonly uname: string
  /** The text itself. */
  readonly commandLine: string
}

/** Takes an image apart. */
export async function partsOf(image: string, folder: string): Promise<Parts> {
  const at = join(folder, 'parts')
  const sections = await sectionFiles(await tools(), image, at)
  const commandLine = (await contentOf(sections, '.cmdline')).toString('utf8').replace(/\0+$/, '')
  const file = (name: string): string => join(at, name)
  return { linux: file('linux'), initrd: file('initrd'), osrel: file('osrel'), uname: file('uname'), commandLine }
}

const stub = (name: string) => async (): Promise<string> => join(await tools(), 'usr/lib/systemd/boot/efi', name)
const linuxStub = stub('linuxx64.efi.stub')
const addonStub = stub('addonx64.efi.stub')

async function ukify(words: readonly string[], folder: string): Promise<void> {
  const at = await tools()
  await run('ukify failed', ['python3', '-B', join(at, 'usr/bin/ukify'), 'build', ...words], {
    cwd: folder,
    env: { PYTHONPATH: join(at, 'usr/lib/python3/dist-packages') },
  })
}

/** Puts an image together, as anybody can who has the released one. */
export async function assemble(parts: Parts, folder: string): Promise<string> {
  const output = join(folder, 'assembled.efi')
  const commandLine = join(folder, 'command-line')
  await writeFile(commandLine, parts.commandLine)
  const inputs = [`--linux=${parts.linux}`, `--initrd=${parts.initrd}`, `--os-release=@${parts.osrel}`]
  const uname = (await readFile(parts.uname, 'utf8')).replace(/\0+$/, '')
  const more = [`--uname=${uname}`, `--cmdline=@${commandLine}`, `--stub=${await linuxStub()}`, `--output=${output}`]
  await ukify([...inputs, ...more], folder)
  return output
}

/** An addon of the stub with words for the kernel's command line. */
export async function addon(words: string, folder: string): Promise<string> {
  const output = join(folder, 'evil.addon.efi')
  await ukify([`--cmdline=${words}`, `--stub=${await addonStub()}`, `--output=${output}`], folder)
  return output
}

/** A boot disk with an image, and files beside it by their path on the disk. */
export async function diskWith(
  image: string,
  folder: string,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const disk = join(folder, 'boot.img')
  await bootDisk(await tools(), disk, image, more)
  return disk
}

/** An image whose initrd has one file more, in an archive of its own behind the released one: Linux unpacks all of them. */
export async function withFile(parts: Parts, path: string, content: Buffer | string, folder: string): Promise<Parts> {
  const initrd = join(folder, 'initrd')
  if (parts.initrd !== initrd) await copyFile(parts.initrd, initrd)
  const { length } = await readFile(initrd)
  const archive = [record(path, Buffer.from(content), 0o100_755), record('TRAILER!!!', Buffer.alloc(0), 0)]
  await appendFile(initrd, Buffer.concat([Buffer.alloc(-length & 3), ...archive]))
  return { ...parts, initrd }
}

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])

/** A file of an archive in the format "newc" of cpio(5). */
function record(path: string, content: Buffer, mode: number): Buffer {
  const fields = [1, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, path.length + 1, 0]
  const header = `070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}`
  return Buffer.concat([padded(Buffer.from(`${header}${path}\0`)), padded(content)])
}

/** Flips the lowest bit of one byte. */
export async function flip(path: string, offset: number): Promise<void> {
  const file = await open(path, 'r+')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, offset)
    if (bytesRead !== 1) throw new RangeError(`${path} has no byte ${offset}`)
    buffer[0] = (buffer[0] ?? 0) ^ 1
    await file.write(buffer, 0, 1, offset)
  } finally {
    await file.close()
  }
}

/** Signs an image for Secure Boot. @param key PEM, without a password */
export async function signed(image: string, key: string, certificate: string, folder: string): Promise<string> {
  const output = join(folder, 'signed.efi')
  const words = ['sign', `--private-key=${key}`, `--certificate=${certificate}`, `--output=${output}`, image]
  await runTool(await tools(), 'lib/systemd/systemd-sbsign', words, 'The image could not be signed', { cwd: folder })
  return output
}
