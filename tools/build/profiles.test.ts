import { readFileSync } from 'node:fs'
import { parse } from 'smol-toml'
import { expect, it } from 'vitest'

interface Profile {
  readonly 'opt-level': unknown
  readonly package?: Readonly<Record<string, Profile>>
}

const manifest = parse(readFileSync(new URL('../../Cargo.toml', import.meta.url), 'utf8')) as unknown as {
  readonly profile: Readonly<Record<'release' | 'gateway', Profile>>
}

it('the gateway inherits no setting for size from the profile of the module', () => {
  const { release, gateway } = manifest.profile
  const small = Object.keys(release.package ?? {})
  expect(small.length).toBeGreaterThan(0)
  const fast = small.filter((name) => gateway.package?.[name]?.['opt-level'] === 3)
  expect(fast).toEqual(small)
  expect(gateway['opt-level']).toBe(3)
})
