import { createHash, X509Certificate } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { certificatesIn } from '../chain/certificates.js'
import { type Cloud, cloudRoots } from '../chain/cloud-roots.js'
import { withoutPadding } from '../chain/describe.js'
import { exit, type ExitCode } from '../exit.js'
import { unreadable, usage } from '../failure.js'
import { hexOf, parse } from '../options.js'
import { bytesOf } from '../read-file.js'
import { readKey } from '../release/keys.js'
import { replaceFile } from '../replace-file.js'
import type { Io } from '../terminal/io.js'
import { styleOf } from '../terminal/style.js'
import { json, list, type Shown, shown } from '../terminal/text.js'
import { loadInspector } from '../verifier.js'
import { completeChain, type Link } from './complete.js'
import { download, usualLimits } from './download.js'
import { enrolmentService } from './service.js'

const options = {
  leaf: { type: 'string' },
  azure: { type: 'boolean', default: false },
  gcp: { type: 'boolean', default: false },
  'root-sha256': { type: 'string', multiple: true },
  certificates: { type: 'string', multiple: true },
  'any-address': { type: 'boolean', default: false },
  install: { type: 'string' },
  key: { type: 'string' },
  out: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

type Values = ReturnType<typeof parse<typeof options>>['values']

const dayMs = 86_400_000

/** A certificate that was written, and what an operator has to know of it. */
interface Written {
  file: string
  subject: string
  sha256: string
  /** Where it came from: an address, or `given`. */
  source: string
  /** RFC 3339 */
  ends: string
  days: number
  changed: boolean
}

/**
 * Completes the chain of an attestation key from its certificate, and writes it as files for `attestation.ak_chain`. This is the side that
 * makes requests: to the addresses that certificates name.
 *
 * @throws {Failure}
 */
export async function enrolChain(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, options)
  const { leaf: leafFile, out, install, key } = values
  if (positionals.length > 0 || leafFile === undefined || out === undefined)
    throw usage('enrol chain --leaf FILE --out FOLDER and --azure, --gcp or --root-sha256: blindllama enrol --help')
  if ((install === undefined) !== (key === undefined)) throw usage('--install URL and --key FILE belong together')
  if (install !== undefined && !URL.canParse(install)) throw usage(`--install: ${install} is no URL of a service`)
  const roots = rootsOf(values)
  const service = install !== undefined && key !== undefined ? enrolmentService(install, await readKey(key)) : undefined
  const [leaf] = certificatesIn(leafFile, await bytesOf(leafFile))
  const given: Uint8Array[] = []
  for (const file of values.certificates ?? []) given.push(...certificatesIn(file, await bytesOf(file)))
  const limits = { ...usualLimits, anyAddress: values['any-address'] }
  const said = async (address: URL): Promise<Uint8Array> => {
    if (!values.json) io.err(shown`GET ${address.href}\n`)
    return download(address, limits)
  }
  const completion = { roots, given, download: said }
  const at = Date.now()
  const chain = await completeChain(withoutPadding(leaf as Uint8Array), completion, loadInspector(), at)
  const written = await write(out, chain, at)
  await service?.install(chain.map(({ der }) => der))
  io.out(present(written, install, values, io))
  return exit.passed
}

function rootsOfCloud(cloud: Cloud): string[] {
  return Object.keys(cloudRoots).filter((root) => cloudRoots[root] === cloud)
}

/** SHA-256 of the roots that the operator expects. */
function rootsOf({ azure, gcp, 'root-sha256': own = [] }: Values): readonly string[] {
  const chosen = own.map((text) => Buffer.from(hexOf('--root-sha256', text, 32)).toString('hex'))
  const roots = [...(azure ? rootsOfCloud('azure') : []), ...(gcp ? rootsOfCloud('gcp') : []), ...chosen]
  if (roots.length === 0)
    throw usage(
      '--azure, --gcp or --root-sha256 HEX is needed: a chain proves nothing without the root that you expect',
    )
  return roots
}

/** Everything was verified: files are replaced one by one, the leaf last, so that a gateway that reads in between keeps its chain. */
async function write(out: string, chain: readonly Link[], at: number): Promise<Written[]> {
  try {
    await mkdir(out, { recursive: true })
  } catch (cause) {
    throw unreadable(out, cause)
  }
  const written: Written[] = []
  for (const [index, { der, address }] of [...chain.entries()].toReversed()) {
    const name = index === 0 ? 'leaf' : index === chain.length - 1 ? 'root' : `issuer-${index}`
    const file = resolve(out, `${name}.der`)
    const changed = !(await holds(file, der))
    if (changed) await replaceFile(file, der)
    const { subject, validTo } = new X509Certificate(der)
    const end = Date.parse(validTo)
    written.unshift({
      file,
      subject: subject.replaceAll('\n', ', '),
      sha256: createHash('sha256').update(der).digest('hex'),
      source: address ?? 'given',
      ends: new Date(end).toISOString(),
      days: Math.floor((end - at) / dayMs),
      changed,
    })
  }
  return written
}

async function holds(file: string, content: Uint8Array): Promise<boolean> {
  try {
    return Buffer.compare(await readFile(file), content) === 0
  } catch {
    return false
  }
}

function present(written: readonly Written[], installed: string | undefined, values: Values, io: Io): Shown {
  const files = written.map(({ file }) => file)
  const days = Math.min(...written.map((each) => each.days))
  if (values.json) return json({ result: 'complete', days, installed: installed ?? null, certificates: written })
  const style = styleOf(io)
  const rows = written.map(
    ({ file, subject, source, ends, days: left, changed }) =>
      shown`# ${file}${changed ? '' : ' (unchanged)'}\n#   ${subject}\n#   from ${source}; ends ${ends}, ${left} days left\n`,
  )
  const quoted = files.map((file) => JSON.stringify(file))
  const told = installed === undefined ? shown`` : shown`# installed at ${installed}, until its process ends\n`
  const warned = days < 30 ? style.warn(shown`# Renew it: ${days} days left\n`) : shown``
  return shown`${rows}${told}${warned}attestation.ak_chain = [${list(quoted)}]\n`
}
