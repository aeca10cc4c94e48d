import type { Manifest, Tarball } from './tarball.ts'

/** A package that is published, and what its tarball may hold besides `package.json`, `README.md` and `LICENSE`. */
export interface Published {
  /** Relative to the root of the repository. */
  readonly folder: string
  readonly may: readonly RegExp[]
  /** Files that must be there. */
  readonly must: readonly string[]
}

export const published: readonly Published[] = [
  {
    folder: 'packages/web-sdk',
    may: [/^dist\/[\w-]+(\.d)?\.[jt]s$/, /^dist\/licences\/[\w-]+\/LICENSE(\.md)?$/],
    must: [
      'dist/blindllama.js',
      'dist/blindllama-post-quantum.js',
      'dist/script-types.d.ts',
      'dist/blindllama_verifier_bg.wasm',
      'dist/policy.schema.json',
      'dist/ERRORS.md',
    ],
  },
  {
    folder: 'packages/ui',
    may: [/^dist\/[\w-]+(\.d)?\.[jt]s$/],
    must: ['dist/index.js', 'dist/react.js', 'dist/de.js', 'dist/verifier.html'],
  },
  { folder: 'packages/cli', may: [], must: ['dist/blindllama.js', 'dist/blindllama_inspect_bg.wasm'] },
]

/** Why a tarball must not be published; empty where nothing is wrong. `license` is the text of the repository's. */
export function faults(
  { files, manifest }: Pick<Tarball, 'files' | 'manifest'>,
  what: Published,
  license: string,
): string[] {
  const base = ['package.json', 'README.md', 'LICENSE']
  const expected = [...base, ...what.must]
  const missing = expected.filter((path) => (files.get(path)?.length ?? 0) === 0)
  const targets = targetsOf(manifest).filter((path) => !files.has(path))
  const extra = [...files.keys()].filter(
    (path) => !expected.includes(path) && !what.may.some((form) => form.test(path)),
  )
  const linked = Object.entries(manifest.dependencies ?? {}).filter(([, range]) => !/^\d+\.\d+\.\d+$/.test(range))
  const serverReact = [...files.keys()].filter(
    (path) => /^dist\/react[\w-]*\.js$/.test(path) && !/^["']use client["']/.test(String(files.get(path))),
  )
  const relative = ['README.md', 'dist/ERRORS.md'].flatMap((path) =>
    [...String(files.get(path) ?? '').matchAll(/\]\((?!https:|#)([^)]*)\)/g)].map(
      ([, link]) => `${path} links to ${link}`,
    ),
  )
  return [
    ...serverReact.map((path) => `${path} does not begin with 'use client'`),
    ...relative.map((link) => `${link}, which leads nowhere outside of the repository`),
    ...missing.map((path) => `${path} is missing`),
    ...(files.has('LICENSE') && String(files.get('LICENSE')) !== license
      ? ['LICENSE is not the one of the repository']
      : []),
    ...(manifest.publishConfig?.provenance === true
      ? []
      : ['publishConfig of package.json does not ask for provenance']),
    ...targets.map((path) => `package.json names ${path}, which is missing`),
    ...untyped(manifest).map((entry) => `${entry} has no types`),
    ...extra.map((path) => `${path} is not one of the files of this package`),
    ...linked.map(([name, range]) => `the dependency ${name} has no exact version: ${range}`),
  ]
}

function targetsOf({ exports = {}, bin = {} }: Manifest): string[] {
  const paths = [
    ...Object.values(bin),
    ...Object.values(exports).flatMap((target) => (typeof target === 'string' ? target : Object.values(target))),
  ]
  return paths.map((path) => path.replace(/^\.\//, ''))
}

/** Entries for an `import` that have no types: scripts for a page, data and the module itself are none. */
function untyped({ exports = {} }: Manifest): string[] {
  return Object.entries(exports)
    .filter(
      ([entry, target]) =>
        !/^\.\/(script|.*\.(wasm|json)$)/.test(entry) && (typeof target === 'string' || !target['types']),
    )
    .map(([entry]) => entry)
}
