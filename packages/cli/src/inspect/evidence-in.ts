import { randomBytes } from 'node:crypto'
import { exit } from '../exit.js'
import { Failure } from '../failure.js'
import { isAddress, isJsonObject } from '../options.js'
import { bytesOf } from '../read-file.js'

interface CollectedEvidence {
  evidence: Uint8Array
  staticPart?: Uint8Array
}

/** PROTOCOL.md §3: the largest bundle, in bytes. */
const largest = 2 * 1024 * 1024

/**
 * The evidence of a service, of a receipt, or of a file that is a bundle.
 *
 * @param patienceMs how long a service has for it
 * @throws {Failure} `cli.usage` for an address without its scheme, `cli.file`, `evidence.unreachable`, `evidence.timeout`, `evidence.status`, `evidence.size`
 */
export async function evidenceIn(target: string, patienceMs = 30_000): Promise<CollectedEvidence> {
  if (isAddress(target)) return { evidence: await ask(target, patienceMs) }
  const file = await bytesOf(target)
  const receipt = receiptIn(file)
  if (!receipt) return { evidence: file }
  const { evidence, static: part } = receipt
  return { evidence: fromBase64url(evidence), ...(part !== undefined && { staticPart: fromBase64url(part) }) }
}

function receiptIn(file: Uint8Array): { evidence: string; static?: string } | undefined {
  if (!isJsonObject(file)) return undefined
  try {
    const parsed = JSON.parse(Buffer.from(file).toString('utf8')) as { evidence?: unknown; static?: unknown }
    if (typeof parsed.evidence !== 'string') return undefined
    return { evidence: parsed.evidence, ...(typeof parsed.static === 'string' && { static: parsed.static }) }
  } catch {
    return undefined
  }
}

function fromBase64url(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64url'))
}

/** A question whose nonce is forgotten: what comes back is looked at, and never believed. */
async function ask(base: string, patienceMs: number): Promise<Uint8Array> {
  const url = new URL('blindllama/v1/evidence', base.endsWith('/') ? base : `${base}/`)
  url.search = `nonce=${randomBytes(32).toString('base64url')}&v=1`
  // A timer of its own: Node.js 20 may collect the signal of AbortSignal.timeout while a body is read, and never fires it.
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), patienceMs)
  try {
    const response = await fetch(url, { redirect: 'error', signal: patience.signal })
    if (response.status !== 200)
      throw new Failure(
        'evidence.status',
        `${url.origin} answered ${response.status} in place of evidence`,
        exit.undecided,
      )
    return await bodyOf(response, url.origin)
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    if (patience.signal.aborted)
      throw new Failure(
        'evidence.timeout',
        `${url.origin} did not send its evidence within ${patienceMs / 1000} s`,
        exit.undecided,
        { cause },
      )
    throw new Failure('evidence.unreachable', `${url.origin} could not be reached`, exit.undecided, { cause })
  } finally {
    clearTimeout(timer)
  }
}

async function bodyOf(response: Response, origin: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.length
    if (length > largest) throw new Failure('evidence.size', `${origin} sent more than evidence can be`, exit.undecided)
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}
