import { writeFile } from 'node:fs/promises'

const sector = 512

/** Writes the text of a configuration as the disk that the image reads: zero bytes fill its last sector. */
export async function writeConfigurationDisk(path: string, text: string): Promise<void> {
  const bytes = Buffer.from(text)
  await writeFile(path, Buffer.concat([bytes, Buffer.alloc(-bytes.length & (sector - 1))]))
}
