import { readFileSync, readdirSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import type { BundleVector } from './bundle.ts'

const root: URL = new URL('../../', import.meta.url)
const bundles: URL = new URL('spec/vectors/bundles/', root)
const schema = JSON.parse(readFileSync(new URL('spec/policy.schema.json', root), 'utf8')) as object
const validate = new Ajv2020().compile(schema)

const vectors: BundleVector[] = readdirSync(bundles).map(
  (name) => JSON.parse(readFileSync(new URL(name, bundles), 'utf8')) as BundleVector,
)

/** What only the verifier's reader can refuse: `JSON.parse` loses it, or it depends on several members. */
const beyondSchema = new Set([
  'policy-invalid-all-of-same-root',
  'policy-invalid-all-of-state',
  'policy-invalid-enrolment-two-of-one',
  'policy-invalid-enrolment-one-of-two',
  'policy-invalid-platform-root-twice',
  'policy-syntax-duplicate-key',
  'policy-syntax-duplicate-key-escaped',
  'policy-syntax-float',
  'policy-syntax-schema-twice',
  'policy-syntax-exponent',
  'policy-syntax-lone-surrogate',
  'policy-syntax-golden-length',
  'policy-invalid-monotonic-hierarchy',
  'policy-invalid-anchor-azure-google',
  'policy-invalid-anchor-google-azure',
  'policy-invalid-events-golden',
  'policy-invalid-nothing-golden',
  'policy-invalid-platform-root-twice',
  'policy-invalid-replay-config',
  'policy-invalid-replay-instance',
  'policy-invalid-config-golden',
  'policy-invalid-replay-unquoted',
  'policy-syntax-anchor-number-large',
  'policy-syntax-events-times-order',
  'policy-invalid-release-lacks-pcr',
  'policy-invalid-release-extra-pcr',
  'policy-invalid-release-names',
  'policy-invalid-release-keys-idle',
  'policy-invalid-release-keys-twice',
  'policy-invalid-release-keys-unreachable',
  'policy-invalid-release-keys-weak',
  'policy-invalid-log-threshold-half',
  'policy-invalid-log-threshold-minority',
  'policy-syntax-log-threshold-4',
  'policy-invalid-log-own-witness',
  'policy-invalid-log-weak-key',
  'policy-invalid-log-witness-keys',
  'policy-invalid-log-witness-names',
])

function isValid({ policy }: BundleVector): boolean {
  try {
    return validate(JSON.parse(policy))
  } catch {
    return false
  }
}

test('the schema of policies refuses nothing that the verifier reads', () => {
  const read = vectors.filter(({ code }) => !code.startsWith('policy.'))
  expect(read.length).toBeGreaterThan(200)
  for (const vector of read) expect(isValid(vector), vector.name).toBe(true)
})

test('the schema of policies refuses what the verifier refuses, as far as a schema can', () => {
  const refused = vectors.filter(({ code }) => code.startsWith('policy.'))
  expect(refused.length).toBeGreaterThan(50)
  for (const vector of refused) expect(isValid(vector), vector.name).toBe(beyondSchema.has(vector.name))
})
