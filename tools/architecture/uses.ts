/** One source file that uses another one, by their paths below `src`. */
export interface Use {
  readonly from: string
  readonly to: string
}

/** A source file that uses something outside of its package. */
export interface OutsideUse {
  readonly from: string
  /** As the source names it: `react`, `std::net::TcpStream`. */
  readonly name: string
}

/** What the sources of a package use. */
export interface Uses {
  readonly inside: readonly Use[]
  readonly outside: readonly OutsideUse[]
}

/** A source file, by its path below `src`. */
export interface Source {
  readonly path: string
  readonly text: string
}

/**
 * The unit of `folder` that holds `path`: the folder or file right below it, without extension. Undefined outside of the folder and
 * for its face (`mod.rs`, `lib.rs`, `main.rs`), which names every part of it.
 */
export function unitOf(path: string, folder: string): string | undefined {
  if (folder !== '' && !path.startsWith(`${folder}/`)) return undefined
  const [first = ''] = path.slice(folder === '' ? 0 : folder.length + 1).split('/')
  return /^(?:mod|lib|main)\.rs$/.test(first) ? undefined : first.replace(/\.[a-z.]+$/, '')
}
