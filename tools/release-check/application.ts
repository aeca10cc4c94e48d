import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { runCommand } from '../run/command.ts'
import type { Tarball } from './tarball.ts'

/** Uses every typed entry, with a policy as a file of its own. */
const source = `import { connect, type Policy } from '@blindllama/web-sdk'
import { connect as connectInline } from '@blindllama/web-sdk/inline'
import { useBlindLlama } from '@blindllama/web-sdk/react'
import { useBlindLlama as useBlindLlamaInline } from '@blindllama/web-sdk/react/inline'
import { fakeClient } from '@blindllama/web-sdk/testing'
import { receipts, verifyReceipt } from '@blindllama/web-sdk/receipts'
import { sentenceOfRefusal } from '@blindllama/web-sdk/sentences'
import { indexedDbState } from '@blindllama/web-sdk/state'
import policy from './policy.json' with { type: 'json' }

export const client = await connect({ url: 'https://service.example', policy, receipts: receipts(), state: indexedDbState() })
export const demanded: Policy['releaseKeys'] = policy.releaseKeys
// @ts-expect-error a test double is no client of a service
export const real: typeof client = fakeClient({ respond: () => new Response() })
export const other = [connectInline, useBlindLlama, useBlindLlamaInline, verifyReceipt, sentenceOfRefusal]
`

const policy = {
  $schema: './node_modules/@blindllama/web-sdk/dist/policy.schema.json',
  version: 1,
  anchors: [{ kind: 'azure', rootSha256: '11' }],
  pcrs: { bank: 'sha256', rules: { '4': 'golden' } },
  releaseKeys: { keys: [{ key: '22', role: 'developer' }], threshold: { developer: 1 } },
}

const settings = {
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
}

/**
 * Compiles an application that has installed the SDK, with the declarations of the package checked too (`skipLibCheck` off).
 *
 * @param sdk the folder of the SDK's sources, whose dependencies the application gets
 * @param scratch an empty folder
 * @returns what the compiler said, by its kind of resolution; empty where it found nothing
 */
export async function compileApplication(tarball: Tarball, sdk: string, scratch: string): Promise<string[]> {
  const require = createRequire(join(sdk, 'package.json'))
  const modules = join(scratch, 'node_modules')
  await mkdir(join(modules, '@blindllama'), { recursive: true })
  await mkdir(join(modules, '@types'))
  await symlink(tarball.folder, join(modules, '@blindllama/web-sdk'))
  for (const name of ['react', 'hpke', '@types/react']) {
    const folder = dirname(require.resolve(`${name}/package.json`))
    await symlink(folder, join(modules, name))
  }
  // What the types of React are written with, which comes with them.
  const ofTypes = createRequire(require.resolve('@types/react/package.json'))
  await symlink(dirname(ofTypes.resolve('csstype/package.json')), join(modules, 'csstype'))
  await writeFile(join(scratch, 'package.json'), JSON.stringify({ type: 'module' }))
  await writeFile(join(scratch, 'policy.json'), JSON.stringify(policy))
  await writeFile(join(scratch, 'application.ts'), source)
  const said: string[] = []
  for (const [name, resolution] of Object.entries(settings)) {
    const compilerOptions = {
      ...resolution,
      noEmit: true,
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      preserveSymlinks: true,
      resolveJsonModule: true,
      target: 'es2022',
      lib: ['es2022', 'dom', 'dom.iterable'],
      types: [],
    }
    const file = join(scratch, `tsconfig.${name}.json`)
    await writeFile(file, JSON.stringify({ compilerOptions, files: ['application.ts'] }))
    const tsc = [process.execPath, require.resolve('typescript/bin/tsc'), '--project', file, '--pretty', 'false']
    const { ok, output } = await runCommand(tsc, { cwd: scratch, timeoutMs: 120_000 })
    if (!ok)
      said.push(
        ...output
          .trim()
          .split('\n')
          .map((line) => `types under ${name}: ${line}`),
      )
  }
  return said
}
