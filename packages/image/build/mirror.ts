import { run } from './run.ts'

/** Base addresses of Debian's archive, without a slash at the end. */
export interface Mirror {
  readonly debian: string
  readonly 'debian-security': string
}

/**
 * The mirror that this machine's apt uses. No address of a mirror is part of the repository: the lock's digests decide what is accepted.
 *
 * @throws {Error} where apt names none
 */
export async function mirror(): Promise<Mirror> {
  const format = ['indextargets', '--format', '$(SITE)', 'Created-By: Packages']
  const sites = (await run("apt's sources could not be read", ['apt-get', ...format], { cwd: '/' })).split('\n')
  const find = (name: keyof Mirror): string => {
    const site = sites.map((line) => line.trim().replace(/\/$/, '')).find((line) => line.endsWith(`/${name}`))
    if (site === undefined)
      throw new Error(
        `No source of apt ends with /${name}. Add Debian's archive to /etc/apt/sources.list.d and start again.`,
      )
    return site
  }
  return { debian: find('debian'), 'debian-security': find('debian-security') }
}

/** Address of a locked path. */
export function address(from: Mirror, path: string): string {
  const [archive = '', ...rest] = path.split('/')
  // apt's own spelling of names with these letters; proxies compare addresses as text.
  return `${from[archive as keyof Mirror]}/${rest.join('/').replaceAll('+', '%2b').replaceAll('~', '%7e')}`
}
