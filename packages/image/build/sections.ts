import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runTool } from './unpacked.ts'

/** A section of a PE file: its name, and a file with its bytes. */
export interface SectionFile {
  readonly name: string
  readonly path: string
}

/**
 * Writes each section of a unified kernel image to a file of its own in `folder`.
 *
 * @throws {Error} where the image is no PE file
 */
export async function sectionFiles(tools: string, image: string, folder: string): Promise<SectionFile[]> {
  await mkdir(folder, { recursive: true })
  const failure = `The sections of ${image} could not be read`
  const listed = await runTool(tools, 'bin/objdump', ['--section-headers', image], failure, { cwd: folder })
  const names = [...listed.matchAll(/^ *\d+ (\.\S+) +[0-9a-f]{8} /gm)].map(([, name = '']) => name)
  if (names.length === 0) throw new Error(`${failure}: it has none.`)
  const files = names.map((name) => ({ name, path: join(folder, name.slice(1)) }))
  const dumps = files.flatMap(({ name, path }) => ['--dump-section', `${name}=${path}`])
  await runTool(tools, 'bin/objcopy', [...dumps, image, join(folder, '.copy')], failure, { cwd: folder })
  return files
}

/** The bytes of a section. @throws {Error} where the image has none of that name */
export async function contentOf(files: readonly SectionFile[], name: string): Promise<Buffer> {
  const found = files.find((file) => file.name === name)
  if (found === undefined) throw new Error(`The image has no section ${name}.`)
  return readFile(found.path)
}
