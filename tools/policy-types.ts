/**
 * Writes the SDK's types of a policy from the JSON Schema of policies, `spec/policy.schema.json`.
 *
 *     pnpm policy-types            write
 *     pnpm policy-types --check    exit with 1 when the generated file is stale
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { policyTypes } from './policy-types/policy-types.ts'

const root: URL = new URL('../', import.meta.url)
const path = 'packages/web-sdk/src/generated/policy.ts'
const file: string = fileURLToPath(new URL(path, root))
const text: string = await policyTypes(readFileSync(new URL('spec/policy.schema.json', root), 'utf8'))

if (readFileSync(file, 'utf8') !== text)
  if (process.argv.includes('--check')) {
    console.error(`${path} is stale: run \`pnpm policy-types\``)
    process.exitCode = 1
  } else {
    writeFileSync(file, text)
    console.log(`wrote ${path}`)
  }
