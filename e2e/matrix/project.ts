import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { assertOk } from '../../tools/run/assert-ok.ts'
import { runCommand } from '../../tools/run/command.ts'
import { askSource, type App } from './target.ts'

/** What an application has to know of the service. */
export interface Service {
  readonly url: string
  /** JSON text. */
  readonly policy: string
  readonly model: string
}

const installMs = 180_000

/**
 * Writes an application into a fresh folder and installs it, as its author would: from the packed SDK and the registry that the package
 * manager is set to. Packages of earlier runs come from the store.
 */
export async function makeProject(app: App, root: string, tarball: string, service: Service): Promise<string> {
  const folder = join(root, app.name)
  const manifest = {
    name: app.name,
    private: true,
    type: 'module',
    dependencies: { '@blindllama/web-sdk': `file:${tarball}`, ...app.dependencies },
  }
  const policy = {
    $schema: './node_modules/@blindllama/web-sdk/dist/policy.schema.json',
    ...JSON.parse(service.policy),
  }
  const files: Readonly<Record<string, string>> = {
    'package.json': JSON.stringify(manifest, null, 2),
    'policy.json': JSON.stringify(policy, null, 2),
    'service.js': `export const service = ${JSON.stringify(service)}\n`,
    'ask.js': askSource,
    ...app.files,
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const words = ['install', '--ignore-workspace', '--ignore-scripts', '--prefer-offline', '--no-frozen-lockfile']
  const quiet = ['--reporter=append-only', '--config.strict-peer-dependencies=false']
  assertOk(
    `the installation of ${app.name}`,
    await runCommand(['pnpm', ...words, ...quiet], { cwd: folder, timeoutMs: installMs }),
  )
  return folder
}
