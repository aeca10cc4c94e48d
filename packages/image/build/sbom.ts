import { readFileSync } from 'node:fs'
import { Enums, Models, Serialize, Spec, Validation } from '@cyclonedx/cyclonedx-library'
import { cratesOf } from '../../../tools/sbom/cargo.ts'
import { type Content, ownPackage, serverPackage } from './contents.ts'
import { licencesOf, npmPackage } from './licences.ts'
import type { LockedPackage } from './lock.ts'

const { Component, ComponentRepository, HashDictionary, LicenseRepository, NamedLicense, LicenseExpression } = Models
const { ComponentType } = Enums

type Component = Models.Component

export interface SbomInput {
  /** The checkout. */
  readonly source: string
  readonly contents: readonly Content[]
  /** Packages of Debian that the lock names for the image. */
  readonly packages: readonly LockedPackage[]
  /** The model's name. */
  readonly model: string
  /** SHA-256 of the unified kernel image, hexadecimal. */
  readonly image: string
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
const sha256 = (digest: string): Models.HashDictionary => new HashDictionary([[Enums.HashAlgorithm['SHA-256'], digest]])
const named = (names: readonly string[]): Models.LicenseRepository =>
  new LicenseRepository(names.map((name) => new NamedLicense(name)))
const expression = (text: string | undefined): Models.LicenseRepository =>
  // Old crates write `MIT/Apache-2.0` for `OR`.
  new LicenseRepository(text === undefined ? [] : [new LicenseExpression(text.replaceAll(/ *\/ */g, ' OR '))])

/**
 * Writes what is in an image as a bill of materials: CycloneDX 1.6, JSON. Each package has its files, with the digests of what the machine
 * starts from. Without a date and a serial number: the same image has the same bill.
 *
 * @returns the text, which the schema of CycloneDX accepts
 * @throws {Error} where a package of the contents is not known, or the schema refuses the text
 */
export async function sbom(input: SbomInput): Promise<string> {
  const { contents, image } = input
  const components: Component[] = []
  for (const name of new Set(contents.map((content) => content.package))) {
    const files = contents.filter((content) => content.package === name)
    components.push(...(await componentsOf(name, files, input)))
  }
  const main = new Component(ComponentType.OperatingSystem, 'blindllama-image', {
    version,
    bomRef: 'image',
    hashes: sha256(image),
    licenses: expression('Apache-2.0'),
  })
  components.forEach(({ bomRef }) => main.dependencies.add(bomRef))
  const bom = new Models.Bom({ metadata: new Models.Metadata({ component: main }) })
  // A crate of two programs is one component.
  new Map(components.map((each) => [each.bomRef.value, each])).forEach((each) => bom.components.add(each))
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6)
  const text = `${new Serialize.JsonSerializer(factory).serialize(bom, { sortLists: true, space: 1 })}\n`
  const refused = await validate(text)
  if (refused !== undefined) throw new Error(`The schema of CycloneDX refuses the bill of materials: ${refused}`)
  return text
}

/** Why the schema of CycloneDX 1.6 refuses a text; undefined: it does not. */
export async function validate(text: string): Promise<string | undefined> {
  const refused = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)
  return refused === null ? undefined : JSON.stringify(refused)
}

/** A file in its package. */
const fileOf = ({ part, path, sha256: digest, size }: Content): Component =>
  new Component(ComponentType.File, path, {
    bomRef: `${part}:${path}`,
    hashes: sha256(digest),
    properties: new Models.PropertyRepository([
      new Models.Property('blindllama:part', part),
      new Models.Property('blindllama:size', String(size)),
    ]),
  })

async function componentsOf(name: string, files: readonly Content[], input: SbomInput): Promise<Component[]> {
  const inside = new ComponentRepository(files.map(fileOf))
  const known = input.packages.find((entry) => entry.name === name)
  if (known !== undefined) return [await ofDebian(known, inside)]
  if (name === input.model)
    return [new Component(ComponentType.MachineLearningModel, name, { bomRef: `model:${name}`, components: inside })]
  if (name === ownPackage) {
    const about = { version, bomRef: `own:${name}`, licenses: expression('Apache-2.0'), components: inside }
    return [new Component(ComponentType.Application, name, about)]
  }
  if (name === serverPackage) {
    const { version: ofServer, license } = await npmPackage(name)
    const purl = `pkg:npm/${name}@${ofServer}`
    const about = { version: ofServer, purl, bomRef: purl, licenses: expression(license), components: inside }
    return [new Component(ComponentType.Application, name, about)]
  }
  return ofCrates(name, inside, input.source)
}

async function ofDebian(entry: LockedPackage, inside: Models.ComponentRepository): Promise<Component> {
  const { name, version: ofPackage, architecture, sha256: digest } = entry
  const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(ofPackage)}?arch=${architecture}`
  return new Component(ComponentType.Library, name, {
    version: ofPackage,
    purl,
    bomRef: purl,
    hashes: sha256(digest),
    licenses: named(await licencesOf(entry)),
    components: inside,
  })
}

async function ofCrates(program: string, inside: Models.ComponentRepository, source: string): Promise<Component[]> {
  const [own, ...crates] = await cratesOf(source, program, 'x86_64-unknown-linux-gnu')
  if (own === undefined)
    throw new Error(`${program} is neither a locked package of Debian nor a crate of this repository.`)
  const libraries = crates.map(({ name, version: ofCrate, license, published }) => {
    const purl = `pkg:cargo/${name}@${ofCrate}`
    const about = { version: ofCrate, bomRef: purl, licenses: expression(license), ...(published && { purl }) }
    return new Component(ComponentType.Library, name, about)
  })
  const about = {
    version: own.version,
    bomRef: `own:${program}`,
    licenses: expression(own.license),
    components: inside,
  }
  const application = new Component(ComponentType.Application, program, about)
  libraries.forEach(({ bomRef }) => application.dependencies.add(bomRef))
  return [application, ...libraries]
}
