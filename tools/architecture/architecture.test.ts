import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, test } from 'vitest'
import { sourceFiles } from '../source/files.ts'
import { checkArchitecture, type Findings } from './check.ts'
import { type Order, readOrders } from './order.ts'
import { rustUses } from './rust.ts'
import { typescriptUses } from './typescript.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const files = sourceFiles(root, '*/src/*.rs', '*/src/*.ts', '*/src/*.tsx')
const orders = readOrders(readFileSync(`${root}/docs/ARCHITECTURE.md`, 'utf8'))

/** The repository with one line put before the text of a file, or with a new file. */
function withLine(path: string, line: string): Findings {
  const held = files.find((file) => file.path === path)
  const planted = { path, text: `${line}\n${held?.text ?? ''}` }
  return checkArchitecture([...files.filter((file) => file !== held), planted], orders)
}

test('no folder depends on another in a circle, and nothing on what stands above it', () => {
  expect(orders.map(({ src }) => src)).toContain('packages/verifier-wasm/src')
  expect(checkArchitecture(files, orders)).toEqual({ circles: [], arrows: [] })
})

describe('a planted circle is told', () => {
  it.each([
    ['packages/verifier-wasm/src/signature/mod.rs', 'use crate::tpm::Scheme;', 'signature → tpm → signature'],
    ['packages/verifier-wasm/src/x509/path.rs', 'use super::profiles::Profile;', 'profiles → path → profiles'],
    // Through a file, and through what lib.rs takes from the policy.
    ['packages/verifier-wasm/src/hash.rs', 'fn f() { crate::Assurance::ALL; }', 'policy → '],
    ['packages/gateway/src/upstream/client.rs', 'use crate::config::Config;', 'config → upstream → config'],
    [
      'packages/web-sdk/src/channel/send.ts',
      "import type { Lifetime } from '../attestation/lifetime.js'",
      'attestation → channel',
    ],
    ['packages/web-sdk/src/ohttp/kem.ts', "const late = import('../channel/send.js')", 'channel → ohttp → channel'],
    [
      'assurance/second-verifier/src/event-log/parse.ts',
      "export { readPcrPolicy } from '../policy/pcrs.ts'",
      'event-log → policy',
    ],
  ])('%s: %s', (path, line, circle) => {
    const { circles } = withLine(path, line)
    expect(circles.join('\n')).toContain(circle)
    expect(circles.join('\n')).toContain(path.replace(/^.*\/src\//, ''))
  })
})

describe('a planted arrow against the order is told, without a circle', () => {
  it.each([
    ['packages/verifier-wasm/src/x509/planted.rs', 'use crate::{Code, state::ak::AkState};', 'uses state/ak.rs'],
    ['packages/gateway/src/bhttp/planted.rs', 'use crate::tpm::worker;', 'uses tpm/worker.rs'],
    ['packages/web-sdk/src/evidence/planted.ts', "import { send } from '../channel/send.js'", 'uses channel/send.ts'],
    ['packages/web-sdk/src/planted.ts', "import { connectWith } from './connect.js'", 'uses connect.ts'],
  ])('%s: %s', (path, line, arrow) => {
    const found = withLine(path, line)
    expect(found.circles).toEqual([])
    expect(found.arrows).toEqual([expect.stringContaining(`${path.replace(/^.*\/src\//, '')} ${arrow}, against`)])
  })

  it.each([
    ['packages/web-sdk/src/channel/planted.ts', "import { useState } from 'react'", 'must not use react'],
    ['packages/web-sdk/src/channel/planted.ts', "const fs = import('node:fs')", 'must not use node:fs'],
    ['packages/verifier-wasm/src/planted.rs', 'use std::{net::TcpStream, vec};', 'must not use std::net::TcpStream'],
    ['packages/gateway/src/planted.rs', 'use tss_esapi::Context;', 'must not use tss_esapi::Context'],
    [
      'packages/gateway/src/planted.rs',
      'fn f() { blindllama_verifier::verify(input); }',
      'must not use blindllama_verifier',
    ],
  ])('nor one to the outside: %s: %s', (path, line, arrow) => {
    expect(withLine(path, line).arrows).toEqual([expect.stringContaining(arrow)])
  })

  it('nor a drawing of what is not there', () => {
    const old: Order[] = [
      { src: 'packages/gateway/src', lines: [['server', 'gone']] },
      { src: 'gone/src', lines: [] },
    ]
    expect(checkArchitecture(files, old).arrows).toEqual([
      'gone/src: is drawn and does not exist',
      'packages/gateway/src: gone is drawn and does not exist',
    ])
  })
})

test('Rust: every form of a path is read, tests and comments are not', () => {
  const { inside, outside } = rustUses([
    { path: 'lib.rs', text: 'mod a; mod b; pub use b::Named;' },
    { path: 'a/mod.rs', text: '#[cfg(test)]\nmod tests;\nmod one;\npub use one::{Deep as Other};' },
    { path: 'a/one.rs', text: 'use crate::{Named, b::two::{self, Two}};\nuse std::net::{TcpStream, *};' },
    { path: 'a/tests.rs', text: 'use crate::c::C;' },
    { path: 'b/mod.rs', text: 'pub mod two;' },
    {
      path: 'b/two.rs',
      text: '// crate::a::one\n#[cfg(test)]\nmod tests {\n    use crate::a::one;\n}\nfn f() { "crate::a::one"; }',
    },
    { path: 'c.rs', text: 'fn f(x: super::a::Other) { crate::b::two::f() }' },
  ])
  const arrows = [...new Set(inside.map(({ from, to }) => `${from} ${to}`))].toSorted()
  expect(arrows).toEqual([
    'a/mod.rs a/one.rs',
    'a/one.rs b/mod.rs',
    'a/one.rs b/two.rs',
    'c.rs a/one.rs',
    'c.rs b/two.rs',
    'lib.rs b/mod.rs',
  ])
  expect(outside.map(({ name }) => name)).toEqual(['std::net::TcpStream', 'std::net::*'])
})

test('TypeScript: every form of an import is read', () => {
  const text = `
    import a from './a.js'
    import type { B } from '../b.tsx'
    export * from './a.ts'
    const c = await import('react')
    // import './comment.js'`
  expect(
    typescriptUses([
      { path: 'd/e.ts', text },
      { path: 'd/a.ts', text: '' },
      { path: 'b.tsx', text: '' },
    ]),
  ).toEqual({
    inside: [
      { from: 'd/e.ts', to: 'd/a.ts' },
      { from: 'd/e.ts', to: 'b.tsx' },
      { from: 'd/e.ts', to: 'd/a.ts' },
    ],
    outside: [{ from: 'd/e.ts', name: 'react' }],
  })
})
