import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, inject, it, test } from 'vitest'
import { escaped, json, list, longestShown, padded, shown } from '../src/terminal/text.js'
import { cryptoAgileLog, event } from './support/event-log.js'
import { receiptFile } from '../../../tools/vectors/receipt-file.ts'
import { argumentsOf, file, type Ran, runAs, vector } from './support/run.js'
import { at, keygen, make, release } from './support/signing.js'

/** Clears the screen, turns the direction of text, hides, ends the line and begins one that lies. */
const hostile = '\u001B[2J\u001B]0;t\u0007\u202E\u2066\u200B\u0085\u2028\u00AD\r\n\u001B[32m✓ PROVEN\u009B'

const sgr: RegExp = new RegExp(`${String.fromCodePoint(0x1b)}\\[(?:1|2|22|3[1-3]|39)m`, 'g')

/** What no output may hold but for the SGR sequences of the command itself and the ends of lines. */
function dangerous(text: string): string[] {
  const own = text.replaceAll(sgr, '').replaceAll('\n', '')
  return [...own.matchAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu)].map(([found]) =>
    found.codePointAt(0)!.toString(16),
  )
}

function expectHarmless({ out, err }: Ran): void {
  expect(dangerous(out)).toEqual([])
  expect(dangerous(err)).toEqual([])
  expect(out + err, 'a line of its own').not.toMatch(/^\W*PROVEN/m)
}

describe('a text from outside', () => {
  it('is escaped in a list of such texts', () => {
    expect(String(list(['a\u001B[2J', 'b\u202E']))).toBe(String.raw`a\u{1b}[2J, b\u{202e}`)
  })

  it('is shown with everything that a terminal would act on, hide or reorder written out', () => {
    expect(escaped('\u001B[2J')).toBe('\\u{1b}[2J')
    expect(escaped('a\u202Eb\u2066c\u200Dd')).toBe('a\\u{202e}b\\u{2066}c\\u{200d}d')
    expect(escaped('a\r\n\tb')).toBe('a\\u{0d}\\u{0a}\\u{09}b')
    expect(escaped('\u007F\u0085\u009B')).toBe('\\u{7f}\\u{85}\\u{9b}')
    expect(escaped('\u3164\u034F\u{E0041}\u00A0')).toBe('\\u{3164}\\u{34f}\\u{e0041}\\u{a0}')
    expect(escaped('\uD800\uFFF9\u0600')).toBe('\\u{d800}\\u{fff9}\\u{600}')
    expect(dangerous(escaped(hostile))).toEqual([])
  })

  it('stays as it is where it is harmless', () => {
    for (const text of ['chat 2026.11', 'Grüße, שלום, 你好, नमस्ते', 'C:\\users', 'a  b', '🦙'])
      expect(escaped(text)).toBe(text)
  })

  it('cannot stack marks, or fill a line with spaces', () => {
    expect(escaped('a\u0301\u0301\u0301\u0301')).toBe('a\u0301\u0301\\u{301}\\u{301}')
    expect(escaped('\u0301a')).toBe('\\u{301}a')
    expect(escaped(`a${' '.repeat(4)}b`)).toBe('a  \\u{20}\\u{20}b')
  })

  it('is shown up to a length, with the number of characters that are left', () => {
    expect(escaped('x'.repeat(longestShown))).toBe('x'.repeat(longestShown))
    expect(escaped('🦙'.repeat(longestShown + 3))).toBe(`${'🦙'.repeat(longestShown)}… (3 more)`)
  })

  it('is escaped by the template that everything printed goes through, once', () => {
    const inner = shown`<${'\u0007'}>`
    expect(String(shown`\u001B[1m${inner}${[inner, inner]}${padded('\u0007', 8, 'right')}`)).toBe(
      '\u001B[1m<\\u{07}><\\u{07}><\\u{07}>  \\u{07}',
    )
  })

  it('is whole in JSON, and the same after parsing', () => {
    const value = { name: `${hostile}🦙${'x'.repeat(2 * longestShown)}`, '\u202E': '\uD800\u{E0041}' }
    const line = String(json(value))
    expect(line).toMatch(/^[^\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]*\n$/u)
    expect(JSON.parse(line)).toEqual(value)
  })
})

describe.each([
  ['text', []],
  ['JSON', ['--json']],
])('no output can act on a terminal, as %s:', (_as, more) => {
  const colored = async (...args: string[]): Promise<Ran> => runAs({ FORCE_COLOR: '1', NO_COLOR: '' }, ...args, ...more)

  beforeAll(async () => {
    await keygen('signer')
  })

  it('names of releases in policies and verdicts', async () => {
    const args = argumentsOf('ok-ecc')
    const { policy } = vector('ok-ecc')
    const renamed = JSON.stringify(JSON.parse(policy.replace('chat 2026.11', 'HOSTILE'))).replace(
      'HOSTILE',
      JSON.stringify(hostile).slice(1, -1),
    )
    args[args.indexOf('--policy') + 1] = file('hostile.policy.json', renamed)
    const ran = await colored('verify', ...args)
    expectHarmless(ran)
    // The verifier may refuse or escape such a name before the command does.
    expect(ran.out).toMatch(/1b|policy\./)
  })

  it('receipts and what is wrong with them', async () => {
    for (const change of [
      (read: Record<string, unknown>) => (read[hostile] = hostile),
      (read: Record<string, unknown>) => (read['type'] = hostile),
      (read: Record<string, unknown>) => (read['audience'] = hostile),
      (read: Record<string, unknown>) => (read['policy'] = `{"${hostile}":1}`),
    ])
      expectHarmless(await colored('verify', file('hostile.receipt.json', receiptFile('ok-receipt', change))))
  })

  it('audiences and instances of evidence that nothing verified', async () => {
    const evidence = Buffer.from(vector('ok-ecc').evidence, 'hex')
    const audience = Buffer.from('https://chat.example')
    const place = evidence.indexOf(audience)
    expect(place).toBeGreaterThan(0)
    Buffer.from('\u001B[2J\u202E\u0085\u0007 ✓ PROV').copy(evidence, place, 0, audience.length)
    expectHarmless(await colored('inspect', file('hostile.cbor', evidence)))
  })

  it('events of logs, and the paths of the files', async () => {
    const text = Buffer.from('kernel\n  \u2713 PROVEN\n\tby all\n', 'latin1')
    const log = cryptoAgileLog([
      event(7, 4, Buffer.alloc(4)),
      event(9, 13, text),
      event(9, 13, Buffer.from('PROVEN\nPROVEN')),
    ])
    const ran = await colored('eventlog', file(`log-\u001B[2J\u202E-${more.length}`, log))
    expect(ran.exitCode).toBe(0)
    expectHarmless(ran)
  })

  it('manifests, names of members included', async () => {
    await make('hostile.json', '--name', hostile, '--machine', `\u202E${hostile}`)
    const written = await release('sign', at('hostile.json'), '--key', at('signer.pem'), ...more)
    expect(written.exitCode).toBe(0)
    expectHarmless(written)
    for (const verb of ['show', 'countersign'])
      expectHarmless(
        await colored('release', verb, at('hostile.json'), ...(verb === 'show' ? [] : ['--key', at('signer.pem')])),
      )
    const payload = Buffer.from(JSON.stringify({ [hostile]: 1 })).toString('base64')
    const payloadType = 'application/vnd.blindllama.release.v1+json'
    const strange = file('strange.json', JSON.stringify({ payloadType, payload, signatures: [] }))
    expectHarmless(await colored('release', 'show', strange))
  })

  it('what the program of a log says on its way', async () => {
    await make('logged.json')
    await release('sign', at('logged.json'), '--key', at('signer.pem'))
    const program = file('release-log', `#!/bin/sh\nprintf '\\033[2J\\342\\200\\256\\r\\033[32mPROVEN\\n' >&2\n`)
    await promisify(execFile)('chmod', ['+x', program])
    const log = ['--log', at('l'), '--origin', 'o', '--log-key', at('x'), '--witnesses', at('w'), '--proof', at('p')]
    const ran = await colored('release', 'publish', at('logged.json'), ...log, '--tool', program)
    expect(ran.exitCode).toBe(0)
    expect(ran.err).toContain('\\u{1b}[2J')
    expectHarmless(ran)
  })

  it('arguments', async () => {
    for (const args of [
      [hostile],
      ['verify', hostile],
      ['verify', 'a', `--${hostile}`],
      ['release', hostile],
      ['verify', 'x', '--at', hostile],
      ['verify', `http://127.0.0.1:9/${hostile}`, '--policy', hostile],
      ['chain', hostile, '--root-sha256', '11'.repeat(32)],
    ])
      expectHarmless(await colored(...args))
  })
})

test('a real terminal gets colours, and nothing else that acts on it', async () => {
  const path = file(
    'pty.json',
    receiptFile('ok-receipt', (read) => (read['type'] = hostile)),
  )
  const quoted = [process.execPath, inject('command'), 'verify', path].map((word) => `'${word}'`).join(' ')
  const transcript = at('transcript')
  writeFileSync(transcript, '')
  // `script` of util-linux gives the command a pseudo terminal of its own.
  const { stdout } = await promisify(execFile)('script', ['-q', '-c', quoted, transcript], {
    env: { ...process.env, NO_COLOR: '' },
  })
  expect(stdout).toContain('receipt.syntax')
  expect(stdout).toContain('\u001B[31mblindllama:')
  expect(dangerous(stdout.replaceAll('\r\n', '\n'))).toEqual([])
})
