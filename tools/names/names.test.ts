import { fileURLToPath } from 'node:url'
import { describe, expect, it, test } from 'vitest'
import { sourceFiles } from '../source/files.ts'
import { replacedNames } from './replaced.ts'
import { declaredInRust } from './rust.ts'
import { declaredInTypeScript } from './typescript.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('no source declares a replaced name, and no file has one', () => {
  const files = sourceFiles(root, '*.rs', '*.ts', '*.tsx').filter(({ path }) => !path.startsWith('tools/names/'))
  expect(files.length).toBeGreaterThan(500)
  expect(replacedNames(files)).toEqual([])
})

describe('a replaced name is told', () => {
  it.each([
    ['packages/gateway/src/server/connection.rs', 'struct Prompt { stream: TcpStream }', 'Prompt'],
    ['packages/gateway/src/channel/answer.rs', 'enum Outlet { Open }', 'Outlet'],
    ['packages/gateway/src/attestation/epoch.rs', 'impl Epochs { pub fn turn(&self) {} }', 'turn'],
    ['packages/verifier-wasm/src/verify.rs', 'let (bundle, fixed) = run.obtain(bundle)?;', 'fixed'],
    ['packages/verifier-wasm/src/verify.rs', 'let brought = static_part.release.as_ref();', 'brought'],
    ['packages/verifier-wasm/src/release/mod.rs', 'mod demands;', 'demands'],
    ['packages/verifier-wasm/src/release/policy.rs', 'fn manifest(&self, against: &Manifest) {}', 'against'],
    ['packages/verifier-wasm/src/release/policy.rs', 'part.map(|fixed| fixed.len())', 'fixed'],
    ['packages/verifier-wasm/src/release/policy.rs', 'match part { Some(fixed) => fixed, None => 0 }', 'fixed'],
    ['packages/web-sdk/src/attestation/a.ts', 'export class KeyKeeper {}', 'KeyKeeper'],
    ['packages/web-sdk/src/attestation/a.ts', 'class A { readonly #ahead = 1 }', 'ahead'],
    ['packages/web-sdk/src/public.ts', 'export interface StateKeeper {}', 'StateKeeper'],
    ['packages/web-sdk/src/evidence/a.ts', 'type HeldStatic = Uint8Array', 'HeldStatic'],
    ['packages/web-sdk/src/connect.ts', 'const { key: keeper } = parts', 'keeper'],
    ['packages/web-sdk/src/react/a.tsx', 'function A({ keeper }: P) { return <p keeper="" /> }', 'keeper'],
    ['packages/web-sdk/src/attestation/keeper.ts', '', 'keeper'],
    ['assurance/mutants/sabotage.ts', 'for (const canary of builds) run(canary)', 'canary'],
    ['e2e/support/run.ts', 'export function runStories(): void {}', 'runStories'],
    ['e2e/canary/tree.ts', '', 'canary'],
  ])('%s: %s', (path, text, name) => {
    expect(replacedNames([{ path, text }])).toEqual([expect.stringContaining(`${path}: ${name} is `)])
  })

  it.each([
    ['examples/react-chat/src/conversation/conversation.ts', 'export interface Turn { question: string }'],
    ['packages/gateway/src/a.rs', 'fn run(prompt_cache: bool) { let history = "Outlet"; /* struct Outlet */ }'],
    [
      'packages/web-sdk/src/a.ts',
      '// class KeyKeeper\nconst text: string = "keeper"\nimport { keeper as other } from "a"',
    ],
    ['e2e/history.ts', 'const history = response.memory'],
  ])('elsewhere, in texts and comments it is no name: %s', (path, text) => {
    expect(replacedNames([{ path, text }])).toEqual([])
  })
})

test('the readers see every kind of declaration', () => {
  const rust = `
    mod a; const B: u8 = 1; static C: u8 = 1; type D = u8; trait E { fn f(g: u8); }
    struct H { i: u8 } enum J { K } union L { m: u8 }
    fn n() { let (o, mut p) = q(); for (r, s) in t { } u.map(|v, &w| x); match y { Some(z) => {} } }`
  expect([...declaredInRust(rust)]).toEqual(expect.arrayContaining([...'aBCDEfgHiJLmnoprsvwz']))
  expect(declaredInRust(rust)).not.toContain('q')
  const typescript = `
    import { a } from 'a'
    class B { c = 1; #d = 1; e(f) {} get g() {} } interface H { i: 1; j(): 1 } type K<L> = L; enum M { N }
    function o({ p, q: r, ...s }, [t]) { try {} catch (u) {} for (const v of w.x) {} } namespace Y {}`
  expect([...declaredInTypeScript('a.ts', typescript)].toSorted()).toEqual([...'BHKLMNYcdefgijoprstuv'])
})
