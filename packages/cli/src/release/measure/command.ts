import { exit, type ExitCode } from '../../exit.js'
import { Failure, usage } from '../../failure.js'
import { parse } from '../../options.js'
import { bytesOf } from '../../read-file.js'
import { replaceFile } from '../../replace-file.js'
import type { Io } from '../../terminal/io.js'
import { facts, section } from '../../terminal/rows.js'
import { styleOf } from '../../terminal/style.js'
import { json, shown } from '../../terminal/text.js'
import { digestOf } from '../make.js'
import { configurationEvent, replay } from './events.js'
import { eventsOf } from './uki.js'

const options = {
  out: { type: 'string' },
  name: { type: 'string', default: 'image' },
  platform: { type: 'string', multiple: true },
  'config-digest': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

/** Images have a kernel and its initrd in them: beyond the bound of other inputs. In bytes. */
const largestImage = 256 * 1024 * 1024

interface Part {
  name: string
  pcrs: Record<string, string>
}

/** What a reference boot of firmware and machine measured. @throws {Failure} `cli.file` */
async function platformOf(file: string): Promise<Part> {
  const refuse = (): Failure =>
    new Failure(
      'cli.file',
      `${file} is no {"name", "pcrs"} with PCR 0 to 3, 6 and 7 alone. Write it with: pnpm image --platform FILE`,
      exit.undecided,
    )
  let read: unknown
  try {
    read = JSON.parse(Buffer.from(await bytesOf(file)).toString('utf8'))
  } catch (cause) {
    if (cause instanceof SyntaxError) throw refuse()
    throw cause
  }
  const { name, pcrs } = (read ?? {}) as Partial<Part>
  if (typeof name !== 'string' || typeof pcrs !== 'object' || pcrs === null) throw refuse()
  for (const [index, value] of Object.entries(pcrs))
    if (!/^[0-367]$/.test(index) || !/^[0-9a-f]{64}$/.test(String(value))) throw refuse()
  return { name, pcrs }
}

/**
 * Computes, from the file alone, what a start of an image measures; explains each event, and writes the parts of a release
 * (PROTOCOL.md §19.4) that `release make --pcrs` reads.
 *
 * @throws {Failure}
 */
export async function measure(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, options)
  const [file] = positionals
  if (file === undefined || positionals.length > 1) throw usage('release measure IMAGE [--out FILE]')
  const events = eventsOf(file, await bytesOf(file, largestImage))
  const pcrs = replay(events)
  const config = values['config-digest']
  const configuration =
    config === undefined ? undefined : configurationEvent(Buffer.from(digestOf('config-digest', config), 'hex'))
  const platforms = await Promise.all((values.platform ?? []).map(platformOf))
  const twice = platforms.find(({ name }, index) => platforms.findIndex((other) => other.name === name) !== index)
  if (twice) throw usage(`--platform: two files are named '${twice.name}', and the names of platforms are distinct`)
  // Manifests have PCR 5 beside the platform's values (PROTOCOL.md §19.4): firmware measures it, also where the image decides it.
  const { 5: boot = '', ...ofImage } = pcrs
  const golden = {
    images: [{ name: values.name, pcrs: ofImage }],
    ...(platforms.length > 0 && {
      platforms: platforms.map((part) => ({ name: part.name, pcrs: { ...part.pcrs, 5: boot } })),
    }),
    explanation: { events, untouched: [12, 13] },
  }
  if (values.out !== undefined) await replaceFile(values.out, `${JSON.stringify(golden, null, 2)}\n`)
  const all = configuration === undefined ? events : [...events, configuration]
  const derived = configuration === undefined ? {} : replay([configuration])
  if (values.json) {
    io.out(json({ ...golden, explanation: { events: all, untouched: [12, 13] }, ...(configuration && { derived }) }))
    return exit.passed
  }
  const style = styleOf(io)
  for (const [pcr, value] of [...Object.entries(pcrs), ...Object.entries(derived)]) {
    const rows = all.filter((event) => String(event.pcr) === pcr).map((event) => [event.digest, event.what] as const)
    io.out(section(`PCR ${pcr}  ${value}`, facts(rows, style), style))
  }
  io.out(shown`\nPCR 12 and 13 stay untouched; 0, 1, 2, 3, 6 and 7 belong to firmware and machine.\n`)
  return exit.passed
}
