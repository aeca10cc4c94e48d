import { chmod, copyFile, mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelServers } from './llama-server.ts'
import { runTool } from './unpacked.ts'
import type { Progress } from './run.ts'

/** Fixed: every build of the same files is the same disk. The salt is no secret. */
const salt = 'b11d'.repeat(16)
const uuid = 'b11d11a3-0000-4000-8000-000000000001'
const blockSize = 4096

/** What the model server is told. One line is one argument; the first process passes them on, and adds the number of threads. */
export const serverArguments: readonly string[] = [
  '--model',
  '/model/model.gguf',
  '--host',
  '/run/model/server.sock',
  '--ctx-size',
  '2048',
  '--parallel',
  '1',
  '--threads-http',
  '4',
  '--no-webui',
  '--no-slots',
  // Nothing of a prompt is kept, and nothing of it is written.
  '--no-cache-prompt',
  '--cache-ram',
  '0',
  '--log-disable',
]

export interface ModelDisk {
  readonly path: string
  /** The word for the kernel's command line: root hash, number of data blocks, salt. */
  readonly parameter: string
}

export interface ModelFiles {
  /** The model, GGUF. */
  readonly model: string
  /** Its name towards clients. */
  readonly name: string
  readonly servers: ModelServers
}

/**
 * Makes the disk of the model: an EROFS file system with model, servers and arguments, and its dm-verity hash tree behind it.
 *
 * @param tools the unpacked tools; @param folder where to make it
 */
export async function modelDisk(
  tools: string,
  { model, name, servers }: ModelFiles,
  folder: string,
  onProgress: Progress,
): Promise<ModelDisk> {
  const content = join(folder, 'model')
  const path = join(folder, 'model.img')
  await rm(content, { recursive: true, force: true })
  await mkdir(content, { recursive: true })
  const place = async (file: string, from: string, mode: number): Promise<void> => {
    await copyFile(from, join(content, file))
    await chmod(join(content, file), mode)
  }
  onProgress('making the disk of the model')
  await place('model.gguf', model, 0o444)
  await place('llama-server', servers.sse2, 0o555)
  await place('llama-server-avx2', servers.avx2, 0o555)
  await writeFile(join(content, 'arguments'), `${[...serverArguments, '--alias', name].join('\n')}\n`)
  await chmod(join(content, 'arguments'), 0o444)
  await chmod(content, 0o755)
  await rm(path, { force: true })
  const options = ['-T', '0', '-U', uuid, '--all-root', '--quiet', '-b', String(blockSize)]
  await runTool(tools, 'bin/mkfs.erofs', [...options, path, content], 'The file system could not be made', {
    cwd: folder,
  })
  await rm(content, { recursive: true })

  const { size } = await stat(path)
  if (size % blockSize !== 0) throw new Error(`${path} has ${size} bytes, expected a multiple of ${blockSize}`)
  const blocks = size / blockSize
  const printed = await runTool(
    tools,
    'sbin/veritysetup',
    [
      'format',
      '--no-superblock',
      `--hash-offset=${size}`,
      `--data-blocks=${blocks}`,
      `--salt=${salt}`,
      '--hash=sha256',
      `--data-block-size=${blockSize}`,
      `--hash-block-size=${blockSize}`,
      path,
      path,
    ],
    'The hash tree could not be made',
    { cwd: folder },
  )
  const [, root] = /^Root hash:\s*([0-9a-f]{64})$/m.exec(printed) ?? []
  if (root === undefined) throw new Error(`veritysetup named no root hash: ${printed}`)
  return { path, parameter: `${root}:${blocks}:${salt}` }
}
