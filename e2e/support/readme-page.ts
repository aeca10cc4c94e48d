import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assertOk } from '../../tools/run/assert-ok.ts'
import { runCommand } from '../../tools/run/command.ts'

const root: string = fileURLToPath(new URL('../..', import.meta.url))
/** What `npm install` of the README brings, as this checkout has it. */
const packages: Readonly<Record<string, string>> = {
  '@blindllama/ui': 'packages/ui',
  '@blindllama/web-sdk': 'packages/web-sdk',
  openai: 'e2e/node_modules/openai',
}

/** The page and the module that the README shows for an empty Vite app, without blank lines and comments. */
export async function readmeSources(): Promise<{ readonly html: string; readonly js: string; readonly lines: number }> {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const [, html, js] = /```html\n(.*?)```\n\n```js\n(.*?)```/s.exec(readme) ?? []
  if (html === undefined || js === undefined) throw new Error('README.md has no code for an empty Vite app')
  const lines = `${html}${js}`.split('\n').filter((line) => line.trim() !== '').length
  return { html, js, lines }
}

/** Builds the app of the README into `readme/` of a folder of pages, with Vite and nothing else. */
export async function writeReadmePage(page: string): Promise<void> {
  const { html, js } = await readmeSources()
  const app = await mkdtemp(join(tmpdir(), 'blindllama-readme-'))
  try {
    for (const [name, folder] of Object.entries(packages)) {
      const link = join(app, 'node_modules', name)
      await mkdir(dirname(link), { recursive: true })
      await symlink(join(root, folder), link)
    }
    await mkdir(join(app, 'src'))
    await writeFile(join(app, 'package.json'), '{"type":"module"}')
    await writeFile(join(app, 'index.html'), `<!doctype html><title>chat</title>${html}`)
    await writeFile(join(app, 'src/main.js'), js)
    const vite = join(root, 'examples/minimal/node_modules/.bin/vite')
    const command = [vite, 'build', app, '--base', '/readme/', '--outDir', join(page, 'readme'), '--emptyOutDir']
    assertOk('vite', await runCommand(command, { cwd: app, timeoutMs: 60_000 }))
  } finally {
    await rm(app, { recursive: true, force: true })
  }
}
