/** cpio, format "newc": 13 numbers of eight hexadecimal digits behind the magic; names and contents are padded to four bytes. */
interface Entry {
  name: string
  mode: number
  content: Uint8Array
  inode: number
}

const pad = (bytes: Uint8Array): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])

function record({ name, mode, content, inode }: Entry): Buffer {
  const title = Buffer.from(`${name}\0`)
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, title.length, 0]
  const header = `070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}`
  return Buffer.concat([pad(Buffer.concat([Buffer.from(header), title])), pad(content)])
}

const trailer = Buffer.from(`070701${'0'.repeat(32)}00000001${'0'.repeat(48)}0000000B00000000TRAILER!!!\0\0\0\0`)

/**
 * The initrd that Linux gets from systemd-stub 257: that of the image, and behind it an archive with `/.extra/os-release`
 * (systemd-stub(7); `pack_cpio_literal` of src/boot/cpio.c).
 */
export function initrdOf(initrd: Uint8Array, osRelease: Uint8Array): Buffer {
  return Buffer.concat([
    pad(initrd),
    record({ name: '.extra', mode: 0o040555, content: new Uint8Array(), inode: 1 }),
    record({ name: '.extra/os-release', mode: 0o100444, content: osRelease, inode: 2 }),
    trailer,
  ])
}
