import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, truncateSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { describe, expect, inject, it, test } from 'vitest'
import { certificatesIn } from '../src/chain/certificates.js'
import { bytesOf, largestInput, standardInput } from '../src/read-file.js'
import { receiptFile } from '../../../tools/vectors/receipt-file.ts'
import { blindllama, file, inProcess, runAs } from './support/run.js'
import { at, keygen, make, release } from './support/signing.js'

const begin = '-----BEGIN CERTIFICATE-----'
const end = '-----END CERTIFICATE-----'

const pem = (base64: string): string => `${begin}\n${base64}\n${end}\n`

/** Refusals must come at once: the bounds of time below are far above what a linear reader takes. */
const boundMs = 5_000

function large(name: string): string {
  const path = file(name, '')
  truncateSync(path, largestInput + 1)
  return path
}

describe('PEM', () => {
  const root = ['--root-sha256', '11'.repeat(32)]

  it.each([
    ['blanks without an end', begin + ' '.repeat(1_000_000)],
    ['beginnings without an end', begin.repeat(40_000)],
    ['base64 without an end', `${begin}\n${'A\n'.repeat(500_000)}`],
    ['what is not base64', `${begin}\n!\n${end}`],
    ['nothing', `${begin}\n \n${end}`],
    ['a beginning within', `${begin}\nAAAA\n${begin}\nAAAA\n${end}`],
  ])('with %s is refused at once', (_what, text) => {
    const started = performance.now()
    expect(() => certificatesIn('f.pem', Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'cli.file', message: expect.stringMatching(/^f\.pem: certificate 1 /) }) as Error,
    )
    expect(performance.now() - started).toBeLessThan(boundMs)
  })

  it('has bounds for one certificate and for one file', () => {
    const tooLarge = expect.objectContaining({ code: 'cli.size' }) as Error
    expect(() => certificatesIn('f', Buffer.from(pem('A'.repeat(70_000))))).toThrow(tooLarge)
    expect(() => certificatesIn('f', Buffer.from(pem('AAAA').repeat(65)))).toThrow(tooLarge)
    expect(() => certificatesIn('f', new Uint8Array(70_000).fill(0x30))).toThrow(tooLarge)
    const text = `subject=/CN=x\n${pem('MAAA')}text between\r\n${pem('MA\r\nEE')}`
    expect(certificatesIn('f', Buffer.from(text)).map((der) => Buffer.from(der).toString('hex'))).toEqual([
      '300000',
      '300104',
    ])
  })

  it('is read by the command within its time', async () => {
    const hostile = file('hostile.pem', begin + ' '.repeat(1_000_000))
    const { exitCode, err } = await blindllama('chain', hostile, ...root)
    expect(exitCode).toBe(3)
    expect(err).toContain('certificate 1 has no end')
  })
})

describe('an input that has no end, or that is too large', () => {
  it('is refused by every command, device, FIFO and folder alike', async () => {
    execFileSync('mkfifo', [at('fifo')])
    await keygen('reader')
    await make('read.json')
    for (const input of ['/dev/zero', at('fifo'), at('.')])
      for (const args of [
        ['verify', input],
        ['inspect', input],
        ['eventlog', input],
        ['chain', input, '--root-sha256', '11'.repeat(32)],
        ['release', 'show', input],
        ['release', 'sign', at('read.json'), '--key', input],
      ]) {
        const { exitCode, err } = await inProcess(...args)
        expect([args.join(' '), exitCode]).toEqual([args.join(' '), 3])
        expect(err).toContain(`${input}`)
        expect(err).toMatch(/\(cli\.file\)/)
      }
  })

  it('names what a FIFO is not, and what a large file exceeds', async () => {
    const { err } = await blindllama('verify', at('fifo'))
    expect(err).toContain('is not a regular file')
    const size = bytesOf(large('large')).then(({ length }) => length)
    await expect(size).rejects.toMatchObject({ code: 'cli.size' })
    await expect(bytesOf('/proc/self/status')).resolves.toHaveProperty('length')
  })
})

/** Runs the command with a standard input of the test. */
async function withInput(
  write: (child: ReturnType<typeof spawn>) => void,
  ...args: string[]
): Promise<[number, string]> {
  const child = spawn(process.execPath, [inject('command'), ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  let printed = ''
  child.stdin.on('error', () => {})
  child.stdout.on('data', (text: Buffer) => (printed += text.toString()))
  child.stderr.on('data', (text: Buffer) => (printed += text.toString()))
  write(child)
  const [code] = (await once(child, 'close')) as [number]
  return [code, printed]
}

/** More than the bound: nobody reads the rest. */
function tooMuch({ stdin }: ReturnType<typeof spawn>): void {
  stdin?.end(Buffer.alloc(largestInput + 1, 0x20))
}

describe('standard input', () => {
  it('is read to its end, once', async () => {
    const receipt = receiptFile('ok-receipt')
    const [code, printed] = await withInput((child) => child.stdin?.end(receipt), 'verify', '-')
    expect(code, printed).toBe(4)
    const [twice, said] = await withInput((child) => child.stdin?.end(receipt), 'verify', '-', '--policy', '-')
    expect(twice).toBe(2)
    expect(said).toContain('one input only')
  })

  it('that nobody ends is left in its time', async () => {
    const stdin = new PassThrough()
    stdin.write('{')
    await expect(standardInput(stdin, 50)).rejects.toMatchObject({ code: 'cli.timeout' })
    expect(stdin.destroyed).toBe(true)
  })

  it('has the bound of a file', async () => {
    const [code, printed] = await withInput(tooMuch, 'verify', '-')
    expect(code).toBe(3)
    expect(printed).toContain('cli.size')
  })
})

test('a document with more signatures than a verifier reads is refused before any is checked', async () => {
  await make('many.json')
  await release('sign', at('many.json'), '--key', at('reader.pem'))
  const envelope = JSON.parse(readFileSync(at('many.json'), 'utf8')) as { signatures: object[] }
  const many = { ...envelope, signatures: Array.from({ length: 17 }, () => envelope.signatures[0]) }
  const { exitCode, err } = await release('show', file('many.json', JSON.stringify(many)))
  expect(exitCode).toBe(3)
  expect(err).toContain('at most 16 are allowed')
  for (const text of ['null', '{"payloadType":1}', JSON.stringify({ ...envelope, signatures: [null] })])
    expect((await release('show', file('none.json', text))).err).toContain('cli.release')
})

test('asks for the version, for help, and for a command that is not there', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  expect(await blindllama('--version')).toEqual({ exitCode: 0, out: `${version}\n`, err: '' })
  expect((await blindllama('--version', '--json')).out).toBe(`{"version":"${version}"}\n`)
  expect(await blindllama('-h')).toEqual(await blindllama('--help'))
  expect(await blindllama('verify', '-h')).toEqual(await blindllama('verify', '--help'))
  const { exitCode, out, err } = await blindllama('prove', '--json')
  expect([exitCode, JSON.parse(out), err]).toEqual([
    2,
    { result: 'error', code: 'cli.usage', detail: "there is no command 'prove'" },
    '',
  ])
  expect((await blindllama('prove')).err).toMatch(/there is no command 'prove' \(cli\.usage\)\n\nUsage:/)
})

test.each([
  { args: ['verify', '--policy', 'none.json', '--', '-h'], exitCode: 3 },
  { args: ['inspect', '--', '--help'], exitCode: 3 },
  { args: ['verify', 'a.cbor', '--help', '--policy', 'none.json'], exitCode: 2 },
  { args: ['verify', 'a.cbor', '--policy', '-h'], exitCode: 2 },
  { args: ['verify', '--help', '--', 'a.cbor'], exitCode: 2 },
  { args: ['policy', 'init', '--help'], exitCode: 0 },
])('a file with the name of an option proves nothing: $args', async ({ args, exitCode }) => {
  expect((await inProcess(...args)).exitCode).toBe(exitCode)
})

test('prints a code once', async () => {
  const policy = file('once.json', '{}')
  const { err } = await runAs({}, 'verify', 'http://chat.example/', '--policy', policy)
  expect(err).toMatch(/^blindllama: [^()]* \(client\.options\)\n$/)
  const { out } = await blindllama('verify', 'http://chat.example/', '--policy', policy, '--json')
  expect(JSON.parse(out)).toMatchObject({ code: 'client.options', detail: expect.not.stringContaining('(client.') })
})
