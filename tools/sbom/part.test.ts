import { expect, test } from 'vitest'
import { isPermissive, purlOf } from './part.ts'

test.each([
  'MIT',
  'MIT/Apache-2.0',
  'MIT OR Apache-2.0 OR LGPL-2.1-or-later',
  '(MIT OR Apache-2.0) AND Unicode-3.0',
  'Apache-2.0 WITH LLVM-exception',
  'BSL-1.0',
])('%s may ship', (license) => {
  expect(isPermissive(license)).toBe(true)
})

test.each(['GPL-3.0-only', 'BUSL-1.1', 'MIT AND GPL-3.0-only', 'AGPL-3.0-only OR SSPL-1.0', 'UNLICENSED', '', 'mit'])(
  '%j may not',
  (license) => {
    expect(isPermissive(license)).toBe(false)
  },
)

test('a scope is encoded in an address', () => {
  const part = { ecosystem: 'npm', name: '@noble/hashes', version: '2.0.0', license: 'MIT' } as const
  expect(purlOf(part)).toBe('pkg:npm/%40noble/hashes@2.0.0')
})
