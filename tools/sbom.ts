/**
 * `pnpm sbom [--out FOLDER]`: writes a bill of materials (CycloneDX 1.6, JSON) for each product: every package of others that ships in it.
 * Ends with 1 where one has a licence that is not permissive, or where a bill is not valid. Default folder: target/sbom.
 *
 * The same sources give the same bytes. Reads what `pnpm install` and cargo's lock name; needs no network.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Enums, Models, Serialize, Spec, Validation } from '@cyclonedx/cyclonedx-library'
import './environment.ts'
import { cargoParts } from './sbom/cargo.ts'
import { npmParts } from './sbom/npm.ts'
import { isPermissive, type Part, purlOf } from './sbom/part.ts'

interface Product {
  readonly name: string
  /** Of the package or crate, relative to the root. */
  readonly folder: string
  /** Packages that its build puts into its files. */
  readonly bundled?: readonly string[]
  /** Crates that it ships compiled, each with its target. */
  readonly crates?: readonly (readonly [crate: string, target: string])[]
}

const wasm = 'wasm32-unknown-unknown'
const linux = 'x86_64-unknown-linux-gnu'
const products: readonly Product[] = [
  {
    name: '@blindllama/web-sdk',
    folder: 'packages/web-sdk',
    bundled: ['@panva/hpke-noble', 'eventsource-parser'],
    crates: [['blindllama-verifier', wasm]],
  },
  { name: '@blindllama/ui', folder: 'packages/ui', crates: [['blindllama-verifier', wasm]] },
  { name: 'blindllama', folder: 'packages/cli', crates: [['blindllama-verifier', wasm]] },
  { name: 'blindllama-gateway', folder: 'packages/gateway', crates: [['blindllama-gateway', linux]] },
]

const root: string = fileURLToPath(new URL('..', import.meta.url))
const { out } = parseArgs({ options: { out: { type: 'string', default: join(root, 'target/sbom') } } }).values
await mkdir(out, { recursive: true })
let faults = 0

function complain(sentence: string): void {
  faults += 1
  process.stderr.write(`${sentence}\n`)
}

for (const { name, folder, bundled = [], crates = [] } of products) {
  const parts: Part[] = []
  if (folder !== 'packages/gateway') parts.push(...(await npmParts(join(root, folder), bundled)))
  for (const [crate, target] of crates) parts.push(...(await cargoParts(root, crate, target)))
  for (const part of parts)
    if (!isPermissive(part.license))
      complain(`${name}: ${purlOf(part)} has the licence ${JSON.stringify(part.license)}`)
  if (parts.length === 0) complain(`${name}: no part was found`)
  const text = billOf(name, await versionOf(folder), parts)
  const wrong = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)
  if (wrong !== null) complain(`${name}: the bill is not valid: ${JSON.stringify(wrong).slice(0, 400)}`)
  const file = join(out, `${name.replace('@', '').replace('/', '-')}.cdx.json`)
  await writeFile(file, text)
  process.stdout.write(`${name.padEnd(22)}${String(parts.length).padStart(4)} parts  ${file}\n`)
}
process.exitCode = faults === 0 ? 0 : 1

async function versionOf(folder: string): Promise<string> {
  const manifest = await readFile(join(root, folder, 'package.json'), 'utf8').catch(() => undefined)
  if (manifest !== undefined) return (JSON.parse(manifest) as { version: string }).version
  return /^version = "(.+)"$/m.exec(await readFile(join(root, folder, 'Cargo.toml'), 'utf8'))?.[1] ?? '0.0.0'
}

function billOf(name: string, version: string, parts: readonly Part[]): string {
  const bill = new Models.Bom()
  const product = new Models.Component(Enums.ComponentType.Library, name, { version, bomRef: name })
  product.licenses.add(new Models.SpdxLicense('Apache-2.0'))
  bill.metadata.component = product
  for (const part of parts) {
    const purl = purlOf(part)
    const component = new Models.Component(Enums.ComponentType.Library, part.name, {
      version: part.version,
      bomRef: purl,
      purl,
    })
    component.licenses.add(licenceOf(part.license))
    product.dependencies.add(component.bomRef)
    bill.components.add(component)
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6))
  return serializer.serialize(bill, { sortLists: true, space: 2 })
}

function licenceOf(license: string): Models.LicenseExpression | Models.SpdxLicense {
  const expression = license.replaceAll('/', ' OR ')
  return / (?:OR|AND|WITH) /.test(expression)
    ? new Models.LicenseExpression(expression)
    : new Models.SpdxLicense(expression)
}
