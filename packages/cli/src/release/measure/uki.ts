import { basename } from 'node:path'
import { Failure } from '../../failure.js'
import { exit } from '../../exit.js'
import { type Event, measured } from './events.js'
import { type Pe, readPe } from './pe.js'
import { initrdOf } from './sidecar.js'

/** Sections that systemd-stub 257 measures into PCR 11, in its order (`unified_sections` of src/fundamental/uki.c). */
const measuredSections = [
  '.linux',
  '.osrel',
  '.cmdline',
  '.initrd',
  '.ucode',
  '.splash',
  '.dtb',
  '.uname',
  '.sbat',
  '.pcrpkey',
]
const required = ['.linux', '.osrel', '.cmdline', '.initrd', '.uname', '.sbat'] as const

/** Sections with code and data of the stub itself, and signatures: not measured. PCR 4 covers them. */
const unmeasured = new Set([
  '.text',
  '.rodata',
  '.data',
  '.dynamic',
  '.rela',
  '.reloc',
  '.sdmagic',
  '.pcrsig',
  '.rel',
  '.dynsym',
  '.dynstr',
  '.hash',
  '.gnu.hash',
  '.eh_frame',
  '.note',
  '.bss',
])

const callingApplication = 'Calling EFI Application from Boot Option'
const exitInvoked = 'Exit Boot Services Invocation'
const exitReturned = 'Exit Boot Services Returned with Success'

/** An action whose text firmware measures. */
const text = (pcr: number, action: string): Event => measured(pcr, Buffer.from(action), `firmware: "${action}"`)

/**
 * Everything that a start of the image from the EFI system partition extends, beside what belongs to firmware and machine: PCR 4, 5, 9
 * and 11 of a machine without Secure Boot and without a partition table.
 *
 * @throws {Failure} `cli.file` for a file that is no such image, or has sections whose measurement is not known
 */
export function eventsOf(name: string, bytes: Uint8Array): Event[] {
  const image = readPe(name, bytes)
  const find = (title: string): Uint8Array | undefined => only(name, image, title)
  for (const { name: title } of image.sections)
    if (!measuredSections.includes(title) && !unmeasured.has(title))
      throw refusal(name, `what becomes of its section '${title}' is not known here`)
  const section = (title: (typeof required)[number]): Uint8Array => {
    const content = find(title)
    if (content === undefined) throw refusal(name, `it has no section ${title}`)
    return content
  }
  const kernel = readPe(`${name}, section .linux`, section('.linux'))
  const commandLine = Buffer.from(section('.cmdline')).toString('utf8').replace(/\0+$/, '')
  const separator = new Uint8Array(4)
  return [
    text(4, callingApplication),
    measured(4, separator, 'firmware: separator'),
    {
      pcr: 4,
      digest: Buffer.from(image.authenticode).toString('hex'),
      what: `firmware: ${basename(name)}, by Authenticode`,
    },
    {
      pcr: 4,
      digest: Buffer.from(kernel.authenticode).toString('hex'),
      what: 'the stub: the kernel in section .linux, by Authenticode',
    },
    measured(5, separator, 'firmware: separator'),
    text(5, exitInvoked),
    text(5, exitReturned),
    measured(9, Buffer.from(`${commandLine}\0`, 'utf16le'), `the kernel: its command line "${commandLine}", UTF-16`),
    measured(
      9,
      initrdOf(section('.initrd'), section('.osrel')),
      'the kernel: initrd of the image with /.extra/os-release behind it',
    ),
    ...measuredSections.flatMap((title) => {
      const content = find(title)
      if (content === undefined) return []
      return [
        measured(11, Buffer.from(`${title}\0`), `the stub: the name ${title}`),
        measured(11, content, `the stub: ${content.length} bytes of ${title}`),
      ]
    }),
  ]
}

function only(name: string, { sections }: Pe, title: string): Uint8Array | undefined {
  const found = sections.filter((section) => section.name === title)
  if (found.length > 1) throw refusal(name, `it has ${found.length} sections ${title}`)
  return found[0]?.content
}

function refusal(name: string, what: string): Failure {
  return new Failure('cli.file', `${name} cannot be measured: ${what}. Build the image with pnpm image`, exit.undecided)
}
