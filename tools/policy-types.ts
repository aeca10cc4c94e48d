/**
 * Writes the SDK's types of a policy, and the names of its members, from the JSON Schema of policies, `spec/policy.schema.json`.
 *
 *     pnpm policy-types            write
 *     pnpm policy-types --check    exit with 1 when a generated file is stale
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { policyMembers, policyTypes } from './policy-types/policy-types.ts'

const root: URL = new URL('../', import.meta.url)
const schema: string = readFileSync(new URL('spec/policy.schema.json', root), 'utf8')
const generated: Readonly<Record<string, string>> = {
  'packages/web-sdk/src/generated/policy.ts': await policyTypes(schema),
  'packages/web-sdk/src/generated/policy-members.ts': policyMembers(schema),
}

for (const [path, text] of Object.entries(generated)) {
  const file = fileURLToPath(new URL(path, root))
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
  if (process.argv.includes('--check')) {
    console.error(`${path} is stale: run \`pnpm policy-types\``)
    process.exitCode = 1
  } else {
    writeFileSync(file, text)
    console.log(`wrote ${path}`)
  }
}
