import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lockFile, packageSets, writeLock, type LockedPackage, type PackageSet } from './lock.ts'
import { mirror, type Mirror } from './mirror.ts'
import { run, type Progress } from './run.ts'
import { release, wanted } from './wanted.ts'

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

const source = (site: string, suite: string): string => `deb [signed-by=${keyring}] ${site} ${suite} main\n`

/** An apt of its own, which sees no package of this machine as installed and verifies signatures with Debian's keys. */
class Apt {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async prepare({ debian, 'debian-security': security }: Mirror): Promise<void> {
    for (const name of ['lists/partial', 'archives/partial']) await mkdir(join(this.#folder, name), { recursive: true })
    const at = (name: string): string => join(this.#folder, name)
    await writeFile(at('status'), '')
    await writeFile(
      at('sources.list'),
      source(debian, release) + source(debian, `${release}-updates`) + source(security, `${release}-security`),
    )
    await writeFile(
      at('apt.conf'),
      `Dir::State "${this.#folder}";
Dir::State::status "${at('status')}";
Dir::State::lists "${at('lists')}";
Dir::Cache "${this.#folder}";
Dir::Etc::sourcelist "${at('sources.list')}";
Dir::Etc::sourceparts "/dev/null";
APT::Install-Recommends "false";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
`,
    )
    await this.#run('apt-get', '-qq', 'update')
  }

  /** Addresses of the packages that an installation of `names` on an empty system fetches. */
  async addresses(names: readonly string[]): Promise<string[]> {
    const listed = await this.#run('apt-get', '-qq', '--print-uris', 'install', ...names)
    return [...listed.matchAll(/^'([^']+)'/gm)].map(([, found = '']) => found)
  }

  /** What the signed package lists say of every version of `names`. */
  async descriptions(names: readonly string[]): Promise<ReadonlyMap<string, string>[]> {
    const shown = await this.#run('apt-cache', 'show', ...names)
    return shown.split('\n\n').map((stanza) => {
      const fields = [...stanza.matchAll(/^([A-Za-z0-9-]+): (.*)$/gm)]
      return new Map(fields.map(([, name = '', value = '']) => [name, value]))
    })
  }

  async #run(...words: readonly string[]): Promise<string> {
    const env = { APT_CONFIG: join(this.#folder, 'apt.conf'), LC_ALL: 'C' }
    return run(`Debian ${release} could not be asked`, words, { cwd: this.#folder, env })
  }
}

/**
 * Resolves the wanted packages against Debian's current archive and writes `packages.lock`.
 *
 * @throws {Error} where apt refuses a signature or cannot resolve a package
 */
export async function updateLock(onProgress: Progress): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'blindllama-apt-'))
  try {
    const from = await mirror()
    const apt = new Apt(folder)
    onProgress(`reading the package lists of Debian ${release}`)
    await apt.prepare(from)
    const sets = new Map<string, PackageSet[]>()
    for (const set of packageSets) {
      // Firmware alone is unpacked, without what its package depends on.
      const found = await apt.addresses(wanted[set])
      const kept = set === 'firmware' ? found.filter((path) => isOneOf(path, wanted.firmware)) : found
      for (const path of kept) sets.set(path, [...(sets.get(path) ?? []), set])
    }
    const names = [...new Set([...sets.keys()].map(packageOf))]
    const entries = await lock(await apt.descriptions(names), sets, from)
    await writeFile(lockFile, writeLock(entries))
    onProgress(`${entries.length} packages are locked in packages.lock`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The name of the package in an address such as `…/pool/main/a/apt/apt_3.0_amd64.deb`. */
function packageOf(path: string): string {
  return decodeURIComponent(path.slice(path.lastIndexOf('/') + 1)).split('_')[0] ?? ''
}

const isOneOf = (path: string, names: readonly string[]): boolean => names.includes(packageOf(path))

async function lock(
  descriptions: readonly ReadonlyMap<string, string>[],
  sets: ReadonlyMap<string, readonly PackageSet[]>,
  from: Mirror,
): Promise<LockedPackage[]> {
  const described = new Map(descriptions.map((fields) => [fields.get('Filename') ?? '', fields]))
  return [...sets].map(([found, used]) => {
    const archive = found.startsWith(`${from['debian-security']}/`) ? 'debian-security' : 'debian'
    const file = decodeURIComponent(found.slice(from[archive].length + 1))
    const fields = described.get(file)
    const field = (name: string): string => {
      const value = fields?.get(name)
      if (value === undefined) throw new Error(`Debian's package lists have no ${name} of ${file}.`)
      return value
    }
    return {
      name: field('Package'),
      version: field('Version'),
      architecture: field('Architecture'),
      size: Number(field('Size')),
      sha256: field('SHA256'),
      path: `${archive}/${file}`,
      sets: used,
    }
  })
}
