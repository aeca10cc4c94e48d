/** A file, folder or link of an archive in the format "newc" of cpio(5). */
export interface Entry {
  /** Without a slash at the beginning. */
  readonly path: string
  /** Kind and permissions, as in `st_mode`. */
  readonly mode: number
  readonly owner: string
  /** In seconds since 1970. */
  readonly modified: number
  readonly content: Buffer
}

const headerSize = 110
const trailer = 'TRAILER!!!'

/**
 * Reads one archive.
 *
 * @throws {Error} where it is cut off or malformed, or where anything but zero bytes follows its end
 */
export function readNewc(archive: Buffer): Entry[] {
  const entries: Entry[] = []
  let at = 0
  for (;;) {
    if (archive.toString('latin1', at, at + 6) !== '070701')
      throw new Error(`The archive has no header at byte ${at}, expected the magic 070701.`)
    const field = (index: number): number =>
      Number.parseInt(archive.toString('latin1', at + 6 + 8 * index, at + 14 + 8 * index), 16)
    const [mode, user, group, modified, size, nameSize] = [field(1), field(2), field(3), field(5), field(6), field(11)]
    const nameAt = at + headerSize
    const contentAt = aligned(nameAt + nameSize)
    const path = archive.toString('utf8', nameAt, nameAt + nameSize - 1)
    // Written this way so that NaN, which a malformed number gives, is refused as well.
    if (!(contentAt + size <= archive.length)) throw new Error(`The archive is cut off at byte ${at}.`)
    at = aligned(contentAt + size)
    if (path === trailer) break
    const content = archive.subarray(contentAt, contentAt + size)
    entries.push({ path: path.replace(/^\.?\//, ''), mode, owner: `${user}:${group}`, modified, content })
  }
  if (archive.subarray(at).some((byte) => byte !== 0)) throw new Error(`Bytes follow the archive's end at byte ${at}.`)
  return entries
}

const aligned = (offset: number): number => (offset + 3) & ~3
