import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { toolsFolder } from './environment.ts'

const root: string = fileURLToPath(new URL('..', import.meta.url))

/** What is on this machine's PATH for every user of it: nothing of set-up, and nothing below the home folder. */
const systemPath: string = [dirname(process.execPath), ...(process.env['PATH'] ?? '').split(':'), '/usr/bin', '/bin']
  .filter((folder) => !folder.startsWith(toolsFolder) && !folder.startsWith(`${homedir()}/`))
  .join(':')

/** Runs a module in the shell of somebody who has the system's programs on the PATH, and nothing of set-up. */
function asStranger(module: string, environment: Readonly<Record<string, string>> = {}): string {
  return execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', module], {
    cwd: root,
    encoding: 'utf8',
    env: { HOME: homedir(), PATH: systemPath, ...given(), ...environment },
  })
}

/** Where this machine keeps caches, if it says so. */
function given(): Record<string, string> {
  const { WORKSPACE_CACHE } = process.env
  return WORKSPACE_CACHE === undefined ? {} : { WORKSPACE_CACHE }
}

const show = (name: string): string =>
  `await import('./tools/environment.ts'); process.stdout.write(process.env[${JSON.stringify(name)}] ?? '')`

describe('the environment', () => {
  it.each(['wasm-pack', 'wasm-bindgen'])('brings %s to the PATH of a shell that has nothing of set-up', (tool) => {
    const [first = ''] = asStranger(show('PATH')).split(':')
    expect(first).toBe(join(asStranger(show('WORKSPACE_TOOLS')), 'bin'))
    expect(execFileSync(join(first, tool), ['--version'], { encoding: 'utf8' })).toContain(tool)
  })

  it('brings cargo and go, wherever they were installed', () => {
    const found = asStranger(`
      await import('./tools/environment.ts')
      const { execFileSync } = await import('node:child_process')
      for (const words of [['cargo', '--version'], ['go', 'version']]) execFileSync(words[0], words.slice(1), { stdio: 'inherit' })
    `)
    expect(found).toMatch(/cargo 1\.\d+/)
    expect(found).toMatch(/go1\.\d+/)
  })

  it('keeps all caches in one folder where the caller names one', () => {
    const cache = join(root, 'target/cache-of-a-test')
    for (const [name, folder] of [
      ['WORKSPACE_TOOLS', cache],
      ['CARGO_HOME', join(cache, 'cargo')],
      ['GOMODCACHE', join(cache, 'go-modules')],
      ['npm_config_store_dir', join(cache, 'pnpm-store')],
    ])
      expect(asStranger(show(name ?? ''), { WORKSPACE_CACHE: cache })).toBe(folder)
  })

  it('is asked by every module of the project that starts programs', () => {
    const files = execFileSync('git', ['ls-files', '*.ts'], { cwd: root, encoding: 'utf8' }).trimEnd().split('\n')
    // What is published starts nothing of set-up; the tests of the command start the command, and programs of the system.
    const ours = files.filter((file) => !/^packages\/(?:[^/]+\/src|cli\/test)\//.test(file))
    const starting = ours.filter((file) =>
      /\b(?:spawn|execFile|execFileSync)\)?\((?!process\.execPath)/.test(read(file)),
    )
    expect(starting.length).toBeGreaterThan(10)
    const unaware = starting.filter(
      (file) => !/^import (?:\{ toolsFolder \} from )?'(?:\.\.?\/)+(?:tools\/)?environment\.ts'$/m.test(read(file)),
    )
    expect(unaware.filter((file) => file !== 'tools/environment.ts')).toEqual([])
  })
})

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}
