import { createRequire } from 'node:module'
import { join } from 'node:path'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { LockedPackage } from './lock.ts'
import { cachedPackage } from './packages.ts'
import { run } from './run.ts'

/**
 * Names of licences that a package of Debian lists for its sources, as it spells them: from its file `copyright`, where that is in the
 * machine-readable format (DEP-5). A package whose file is not, or which keeps it in another package, gives none.
 */
export async function licencesOf(entry: LockedPackage): Promise<string[]> {
  const deb = await cachedPackage(entry)
  // `tar` ends with an error where the archive lacks the file.
  const script =
    'dpkg-deb --fsys-tarfile "$1" | tar --extract --to-stdout "./usr/share/doc/$2/copyright" 2>/dev/null || true'
  const words = ['bash', '-c', script, 'bash', deb, entry.name]
  return licencesIn(await run(`${entry.name} could not be read`, words, { cwd: '/' }))
}

/** The same from the text of the file. */
export function licencesIn(copyright: string): string[] {
  if (!/^Format: *https?:\/\/www\.debian\.org\/doc\/packaging-manuals\/copyright-format\/1\.0\/?\s*$/m.test(copyright))
    return []
  // Stanzas of files say which licence they are under; a stanza that begins with `License` has the text of one.
  const stanzas = copyright.split(/\n\s*\n/).filter((stanza) => /^Files:/m.test(stanza))
  const names = stanzas.flatMap((stanza) => /^License: *(\S.*)$/m.exec(stanza)?.[1]?.trim() ?? [])
  return [...new Set(names)].toSorted()
}

/** Version and licence of a package of npm, as `services/model-server` resolves it. */
export async function npmPackage(name: string): Promise<{ readonly version: string; readonly license: string }> {
  const services = fileURLToPath(new URL('../../../services/model-server/package.json', import.meta.url))
  const resolved = createRequire(services).resolve(name)
  const folder = resolved.slice(0, resolved.lastIndexOf(`/node_modules/${name}/`) + `/node_modules/${name}`.length)
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string; license: string }
}
