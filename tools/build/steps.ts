export interface BuildStep {
  readonly name: string
  readonly command: readonly string[]
  /** Files and folders that decide what comes out. */
  readonly inputs: readonly string[]
  /** What it writes; the first is looked for, to know whether it was there. */
  readonly output: string
  readonly timeoutMs: number
}

const minutes = 60_000
const rust = ['Cargo.toml', 'Cargo.lock']
const verifier = [...rust, 'packages/verifier-wasm', 'tools/build-wasm.ts', 'tools/build-wasm']
/** The SDK holds the module and its hash: whatever changes how that is built changes the SDK, and what holds the SDK. */
const sdk = [
  ...verifier,
  'spec/policy.schema.json',
  'docs/ERRORS.md',
  'packages/web-sdk',
  'tsconfig.base.json',
  'pnpm-lock.yaml',
]
const tsx = ['node', '--import', 'tsx']
const pnpmBuild = (folder: string): string[] => ['pnpm', '--dir', folder, 'run', 'build']

/** In this order: each uses what the ones before have made. */
export const buildSteps: readonly BuildStep[] = [
  {
    // wasm-pack would bring a stale lock file up to date without a word.
    name: 'Cargo.lock',
    command: ['sh', '-c', 'cargo metadata --locked --format-version 1 > node_modules/.cargo-metadata.json'],
    inputs: [
      ...rust,
      'packages/verifier-wasm/Cargo.toml',
      'packages/verifier-testkit/Cargo.toml',
      'packages/gateway/Cargo.toml',
      'packages/image/init/Cargo.toml',
      'assurance/interop/rust/Cargo.toml',
    ],
    output: 'node_modules/.cargo-metadata.json',
    timeoutMs: 5 * minutes,
  },
  {
    name: 'codes',
    command: [...tsx, 'tools/codes.ts', '--check'],
    inputs: ['tools/codes.ts', 'spec/codes.toml', 'packages/verifier-wasm/steps.toml'],
    output: 'packages/verifier-wasm/ts/codes.ts',
    timeoutMs: minutes,
  },
  {
    name: 'policy types',
    command: [...tsx, 'tools/policy-types.ts', '--check'],
    inputs: ['tools/policy-types.ts', 'tools/policy-types', 'spec/policy.schema.json', 'pnpm-lock.yaml'],
    output: 'packages/web-sdk/src/generated/policy.ts',
    timeoutMs: minutes,
  },
  {
    name: 'verifier (WebAssembly)',
    command: [...tsx, 'tools/build-wasm.ts', 'pkg'],
    inputs: verifier,
    output: 'packages/verifier-wasm/pkg/blindllama_verifier_bg.wasm',
    timeoutMs: 15 * minutes,
  },
  {
    name: 'verifier for the command and conformance tools',
    command: [...tsx, 'tools/build-wasm.ts', 'pkg-vectors'],
    inputs: verifier,
    output: 'packages/verifier-wasm/pkg-vectors/blindllama_verifier_bg.wasm',
    timeoutMs: 15 * minutes,
  },
  {
    name: 'SDK',
    command: pnpmBuild('packages/web-sdk'),
    inputs: sdk,
    output: 'packages/web-sdk/dist/index.js',
    timeoutMs: 5 * minutes,
  },
  {
    name: 'elements of the proof',
    command: pnpmBuild('packages/ui'),
    inputs: ['packages/ui', ...sdk],
    output: 'packages/ui/dist/index.js',
    timeoutMs: 2 * minutes,
  },
  {
    name: 'command',
    command: pnpmBuild('packages/cli'),
    inputs: ['packages/cli', ...sdk],
    output: 'packages/cli/dist/blindllama.js',
    timeoutMs: 2 * minutes,
  },
  {
    name: 'example chat',
    command: pnpmBuild('examples/react-chat'),
    inputs: ['examples/react-chat', 'packages/ui', ...sdk],
    output: 'examples/react-chat/dist/index.html',
    timeoutMs: 5 * minutes,
  },
  {
    name: 'model server',
    command: pnpmBuild('services/model-server'),
    inputs: ['services/model-server', 'pnpm-lock.yaml'],
    output: 'services/model-server/dist/server.mjs',
    timeoutMs: 2 * minutes,
  },
  {
    name: 'gateway',
    command: ['cargo', 'build', '--profile', 'gateway', '--locked', '-p', 'blindllama-gateway'],
    inputs: [...rust, 'packages/gateway', 'packages/verifier-wasm'],
    output: 'target/gateway/blindllama-gateway',
    timeoutMs: 40 * minutes,
  },
]
