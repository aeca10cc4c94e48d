import { existsSync } from 'node:fs'
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { didYouMean } from '@blindllama/web-sdk/sentences'
import { usage } from './failure.js'

type Options = NonNullable<ParseArgsConfig['options']>

type Parsed<T extends Options> = ReturnType<typeof parseArgs<{ options: T; allowPositionals: true; strict: true }>>

/** @throws {Failure} `cli.usage` for an option that the command does not have */
export function parse<const T extends Options>(args: readonly string[], options: T): Parsed<T> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (cause) {
    // Node.js writes some of these over several lines.
    const [, unknown] = /^Unknown option '-{1,2}([^'=]+)/.exec((cause as Error).message) ?? []
    if (unknown !== undefined)
      throw usage(
        `there is no option --${unknown}${didYouMean(unknown, Object.keys(options), (name) => `--${name}`) || '; --help lists them'}`,
      )
    const lines = (cause as Error).message.split('\n')
    throw usage(lines.map((line) => line.trim()).join(' '))
  }
}

/**
 * Whether a target is the address of a service, and not a file.
 *
 * @throws {Failure} `cli.usage` for an address without its scheme
 */
export function isAddress(target: string): boolean {
  if (/^https?:/i.test(target)) return true
  if (/^[\w.-]+:\d+(\/|$)/.test(target) && !existsSync(target))
    throw usage(`${target} is no file, and the address of a service begins with http:// or https://`)
  return false
}

/** Whether a file is JSON, as receipts are: no bundle begins like an object. */
export function isJsonObject(file: Uint8Array): boolean {
  return /^\s*\{/.test(Buffer.from(file.subarray(0, 64)).toString('latin1'))
}

/** `now`, an RFC 3339 time, or milliseconds since 1970. */
export function timeOf(text: string): number {
  if (text === 'now') return Date.now()
  const ms = /^\d{1,16}$/.test(text) ? Number(text) : /^\d{4}-/.test(text) ? Date.parse(text) : NaN
  if (!Number.isSafeInteger(ms) || ms < 0)
    throw usage(`--at: '${text}' is no time; say now, 2026-11-22T10:00:00Z, or milliseconds since 1970`)
  return ms
}

/** A given number of bytes in hex. */
export function hexOf(option: string, text: string, length: number): Uint8Array<ArrayBuffer> {
  if (text.length !== length * 2 || !/^[0-9a-f]*$/i.test(text))
    throw usage(`${option}: ${length} bytes in hex are expected`)
  return Uint8Array.from(Buffer.from(text, 'hex'))
}
