import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPe } from '../src/release/measure/pe.js'
import { initrdOf } from '../src/release/measure/sidecar.js'
import { file } from './support/run.js'
import { at, release } from './support/signing.js'
import { pe, uki } from './support/uki.js'

const sha256 = (...parts: readonly Uint8Array[]): string =>
  createHash('sha256').update(Buffer.concat(parts)).digest('hex')

/** What extending a PCR with these digests leads to. */
const extended = (...digests: readonly string[]): string =>
  digests.reduce((value, digest) => sha256(Buffer.from(value, 'hex'), Buffer.from(digest, 'hex')), '00'.repeat(32))

interface Golden {
  images: { name: string; pcrs: Record<string, string> }[]
  platforms?: { name: string; pcrs: Record<string, string> }[]
  explanation: { events: { pcr: number; digest: string; what: string }[]; untouched: number[] }
  derived?: Record<string, string>
}

async function measured(image: Uint8Array, ...more: string[]): Promise<Golden> {
  const { out, err, exitCode } = await release('measure', file('image.efi', image), '--json', ...more)
  expect(err).toBe('')
  expect(exitCode).toBe(0)
  return JSON.parse(out) as Golden
}

async function refusal(image: Uint8Array, ...more: string[]): Promise<string> {
  const { err, exitCode } = await release('measure', file('image.efi', image), ...more)
  expect(exitCode).not.toBe(0)
  return err
}

const hash = (bytes: Uint8Array): string => Buffer.from(readPe('program', bytes).authenticode).toString('hex')

describe('Authenticode of a program', () => {
  it('leaves out checksum and certificates, and covers every other byte', () => {
    const program = pe({ '.text': Buffer.from('code'), '.data': Buffer.alloc(700, 1) })
    const optional = 64 + 24
    const expected = sha256(
      program.subarray(0, optional + 64),
      program.subarray(optional + 68, optional + 144),
      program.subarray(optional + 152),
    )
    expect(hash(program)).toBe(expected)
    const signed = pe({ '.text': Buffer.from('code'), '.data': Buffer.alloc(700, 1) }, Buffer.alloc(64, 7))
    expect(hash(signed)).toBe(expected)
    for (let index = 0; index < program.length; index += 7) {
      const changed = Buffer.from(program)
      changed[index] = (changed[index] ?? 0) ^ 0xff
      const isFree =
        (index >= optional + 64 && index < optional + 68) || (index >= optional + 144 && index < optional + 152)
      let other: string
      try {
        other = hash(changed)
      } catch {
        continue
      }
      if (!isFree) expect(other, `byte ${index}`).not.toBe(expected)
    }
  })
})

describe('release measure', () => {
  it('follows firmware, stub and kernel, event by event', async () => {
    const { images, explanation } = await measured(uki())
    const [image] = images
    const of = (pcr: number): string[] =>
      explanation.events.filter((event) => event.pcr === pcr).map(({ digest }) => digest)
    expect(Object.keys(image?.pcrs ?? {})).toEqual(['4', '9', '11'])
    for (const pcr of [4, 9, 11]) expect(image?.pcrs[pcr]).toBe(extended(...of(pcr)))
    const text = (content: string): string => sha256(Buffer.from(content))
    expect(of(11).slice(0, 4)).toEqual([
      text('.linux\0'),
      sha256(pe({ '.text': Buffer.from('kernel') })),
      text('.osrel\0'),
      text('ID=test\n'),
    ])
    expect(of(9)[0]).toBe(sha256(Buffer.from('quiet\0', 'utf16le')))
    expect(of(4)).toHaveLength(4)
    expect(explanation.untouched).toEqual([12, 13])
  })

  it('changes with every section that it covers', async () => {
    const before = (await measured(uki())).images[0]?.pcrs ?? {}
    const other = Buffer.from('other')
    const changes = {
      '.linux': pe({ '.text': other }),
      '.osrel': other,
      '.cmdline': other,
      '.initrd': other,
      '.uname': other,
      '.sbat': other,
    }
    for (const [section, content] of Object.entries(changes)) {
      const after = (await measured(uki({ [section]: content }))).images[0]?.pcrs ?? {}
      expect(after['11'], section).not.toBe(before['11'])
      expect(after['4'], section).not.toBe(before['4'])
      const inNine = ['.cmdline', '.initrd', '.osrel'].includes(section)
      expect(after['9'] !== before['9'], section).toBe(inNine)
    }
  })

  it('gives PCR 14 of a configuration as PROTOCOL.md §7.2 works it out', async () => {
    const digest = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('hex')
    const { derived } = await measured(uki(), '--config-digest', digest)
    expect(derived).toEqual({ 14: 'fdb6fe7fde2629a86162d114cb5028f1ae0219d4f2a358687525eea6c30e97fd' })
  })

  it('writes the same file wherever the image lies, so that two parties can compare theirs', async () => {
    const written = await Promise.all(
      ['builder', 'auditor'].map(async (who) => {
        const folder = mkdtempSync(join(tmpdir(), `blindllama-measure-${who}-`))
        writeFileSync(join(folder, 'image.efi'), uki())
        const out = join(folder, 'golden.json')
        expect((await release('measure', join(folder, 'image.efi'), '--out', out)).exitCode).toBe(0)
        const text = readFileSync(out, 'utf8')
        rmSync(folder, { recursive: true })
        return text
      }),
    )
    expect(written[0]).toBe(written[1])
    expect(written[0]).toContain('firmware: image.efi, by Authenticode')
  })

  it('writes what release make reads, with the values of a platform', async () => {
    const platform = file('platform.json', JSON.stringify({ name: 'q35', pcrs: { '0': '11'.repeat(32) } }))
    const golden = at('golden.json')
    const { images, explanation } = await measured(uki(), '--out', golden, '--platform', platform, '--name', 'chat')
    const made = await release(
      'make',
      '--out',
      at('measured.json'),
      '--pcrs',
      golden,
      '--name',
      'chat',
      '--version',
      '1',
      '--min-version',
      '1',
      '--days',
      '1',
      '--machine',
      'q35',
      '--source-commit',
      'c0'.repeat(20),
      '--image-digest',
      '1a'.repeat(32),
    )
    expect(made).toMatchObject({ exitCode: 0, err: '' })
    const envelope = JSON.parse(readFileSync(at('measured.json'), 'utf8')) as { payload: string }
    const manifest = JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as Record<string, unknown>
    expect(manifest['images']).toEqual(images)
    const ofFive = explanation.events.filter(({ pcr }) => pcr === 5).map(({ digest }) => digest)
    expect(manifest['platforms']).toEqual([{ name: 'q35', pcrs: { '0': '11'.repeat(32), '5': extended(...ofFive) } }])
    expect(manifest).not.toHaveProperty('explanation')
  })

  it('refuses two platforms of one name, which no verifier tells apart', async () => {
    const [one, two] = ['0', '1'].map((pcr) =>
      file(`twice-${pcr}.json`, JSON.stringify({ name: 'q35', pcrs: { [pcr]: '11'.repeat(32) } })),
    ) as [string, string]
    expect(await refusal(uki(), '--platform', one, '--platform', two)).toContain("named 'q35'")
  })

  it('takes the values of firmware and machine alone from a platform', async () => {
    for (const pcr of ['4', '5', '11', '17']) {
      const platform = file('platform.json', JSON.stringify({ name: 'q35', pcrs: { [pcr]: '11'.repeat(32) } }))
      expect(await refusal(uki(), '--platform', platform)).toContain('0 to 3, 6 and 7 alone')
    }
  })

  it.each(['platforms', 'images'])(
    'release make refuses %s with a value that every verifier refuses there',
    async (list) => {
      const pcr = list === 'images' ? '5' : '4'
      const parts = file('parts.json', JSON.stringify({ [list]: [{ name: 'q35', pcrs: { [pcr]: '11'.repeat(32) } }] }))
      const words = ['--name', 'chat', '--version', '1', '--min-version', '1', '--days', '1', '--machine', 'q35']
      const digests = ['--source-commit', 'c0'.repeat(20), '--image-digest', '1a'.repeat(32)]
      const { err, exitCode } = await release(
        'make',
        '--out',
        at('refused.json'),
        '--pcrs',
        parts,
        ...words,
        ...digests,
      )
      expect(exitCode).toBe(2)
      expect(err).toContain(`PCR ${pcr} in ${list} 'q35'`)
    },
  )

  it('refuses what it cannot predict', async () => {
    expect(await refusal(Buffer.from('no program'))).toContain("it does not begin with 'MZ'")
    expect(await refusal(uki().subarray(0, 700))).toContain('it is cut off')
    expect(await refusal(uki({ '.profile': Buffer.from('ID=2') }))).toContain(
      "its section '.profile' is not known here",
    )
    expect(await refusal(pe({ '.text': Buffer.from('stub') }))).toContain('it has no section .linux')
    expect(await refusal(uki({ '.linux': Buffer.from('raw') }))).toContain('section .linux')
    expect(await refusal(uki(), '--platform', file('bad.json', '{"name":"q35","pcrs":{"0":"11"}}'))).toContain(
      'bad.json',
    )
  })
})

describe('the initrd that the kernel measures', () => {
  it('is that of the image, padded, with the archive of the stub behind it', () => {
    const whole = initrdOf(Buffer.from('12345'), Buffer.from('ID=test\n'))
    expect(whole.subarray(0, 8).toString('latin1')).toBe('12345\0\0\0')
    expect(whole.toString('latin1')).toContain('.extra/os-release\0')
    expect(whole.length % 4).toBe(0)
    expect(whole.subarray(-14).toString('latin1')).toBe('TRAILER!!!\0\0\0\0')
    // The stub writes this one number in capitals; a start of the image showed it.
    expect(whole.toString('latin1')).toContain('0000000B00000000TRAILER!!!')
  })
})
