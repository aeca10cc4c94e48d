/** Sections of a PE32+ file, by name. */
export type Sections = Readonly<Record<string, Uint8Array>>

const alignment = 512
const aligned = (length: number): number => Math.ceil(length / alignment) * alignment
const headerAt = 64
const optionalSize = 240

/** Writes a PE32+ file of these sections: enough of the format for a reader, and nothing that could run. */
export function pe(sections: Sections, certificate: Uint8Array = new Uint8Array()): Buffer {
  const entries = Object.entries(sections)
  const optional = headerAt + 24
  const table = optional + optionalSize
  const headers = aligned(table + 40 * entries.length)
  const size = headers + entries.reduce((sum, [, content]) => sum + aligned(content.length), 0)
  const file = Buffer.alloc(size)
  file.write('MZ', 0)
  file.writeUInt32LE(headerAt, 0x3c)
  file.write('PE\0\0', headerAt)
  file.writeUInt16LE(entries.length, headerAt + 6)
  file.writeUInt16LE(optionalSize, headerAt + 20)
  file.writeUInt16LE(0x20b, optional)
  file.writeUInt32LE(headers, optional + 60)
  file.writeUInt32LE(16, optional + 108)
  file.writeUInt32LE(certificate.length === 0 ? 0 : size, optional + 112 + 32)
  file.writeUInt32LE(certificate.length, optional + 112 + 36)
  let raw = headers
  for (const [index, [name, content]] of entries.entries()) {
    const at = table + 40 * index
    file.write(name, at)
    file.writeUInt32LE(content.length, at + 8)
    file.writeUInt32LE(raw, at + 12)
    file.writeUInt32LE(aligned(content.length), at + 16)
    file.writeUInt32LE(raw, at + 20)
    file.set(content, raw)
    raw += aligned(content.length)
  }
  return Buffer.concat([file, certificate])
}

const text = (content: string): Buffer => Buffer.from(content)

/** A unified kernel image with a kernel that is no program but has the form of one. */
export function uki(more: Sections = {}): Buffer {
  return pe({
    '.text': text('stub'),
    '.linux': pe({ '.text': text('kernel') }),
    '.osrel': text('ID=test\n'),
    '.cmdline': text('quiet'),
    '.initrd': text('initrd'),
    '.uname': text('6.12'),
    '.sbat': text('sbat,1\n'),
    ...more,
  })
}
