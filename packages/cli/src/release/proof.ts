import { createHash } from 'node:crypto'
import { exit } from '../exit.js'
import { Failure } from '../failure.js'

const sha256 = (...input: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of input) hash.update(part)
  return hash.digest()
}

/**
 * Whether a C2SP tlog-proof leads from an entry to the root of its checkpoint (RFC 9162 §2.1.3.2). Who signed the checkpoint is left to the
 * verifier: this tells only which document a proof belongs to.
 *
 * @throws {Failure} `cli.release` for a file that is no proof
 */
export function leadsFrom(entry: Uint8Array, file: string, proof: Uint8Array): boolean {
  const { index, hashes, size, root } = parts(file, Buffer.from(proof).toString('utf8'))
  if (index >= size) return false
  let [here, last] = [index, size - 1n]
  let node = sha256(Uint8Array.of(0), entry)
  for (const hash of hashes) {
    if (last === 0n) return false
    if ((here & 1n) === 1n || here === last) {
      node = sha256(Uint8Array.of(1), hash, node)
      while ((here & 1n) === 0n && here !== 0n) [here, last] = [here >> 1n, last >> 1n]
    } else {
      node = sha256(Uint8Array.of(1), node, hash)
    }
    here >>= 1n
    last >>= 1n
  }
  return last === 0n && node.equals(root)
}

const bytes = (text: string): Buffer => Buffer.from(text, 'base64')

interface Parts {
  index: bigint
  hashes: Buffer[]
  size: bigint
  root: Buffer
}

const form =
  /^c2sp\.org\/tlog-proof@v1\n(?:extra .*\n)?index (?<index>\d{1,19})\n(?<hashes>(?:\S+\n){0,63})\n.+\n(?<size>\d{1,19})\n(?<root>\S+)\n/

function parts(file: string, text: string): Parts {
  const { index, hashes, size, root } = form.exec(text)?.groups ?? {}
  if (index === undefined || hashes === undefined || size === undefined || root === undefined)
    throw new Failure(
      'cli.release',
      `${file} is not a C2SP tlog-proof. Name the file that release publish wrote`,
      exit.undecided,
    )
  return {
    index: BigInt(index),
    hashes: hashes.split('\n').filter(Boolean).map(bytes),
    size: BigInt(size),
    root: bytes(root),
  }
}
