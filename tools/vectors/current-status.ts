export interface SignedDocument {
  /** In its DSSE envelope. */
  envelope: string
  /** The tlog-proof, where the document has one. */
  proof?: Buffer
}

type Item = number | Buffer | Item[] | Map<number, Item>
type Signed = Map<number, Item>

/**
 * What `current-status` of a vector holds (PROTOCOL.md §21), as the command writes it to files: the status, then key sets.
 *
 * @param documents in hex
 */
export function signedDocuments(documents: string): SignedDocument[] {
  const members = decode(Buffer.from(documents, 'hex')) as Map<number, Item>
  const sets = (members.get(1) ?? []) as Signed[]
  return [read(members.get(0) as Signed, 'status'), ...sets.map((set) => read(set, 'key-set'))]
}

function read(signed: Signed, kind: string): SignedDocument {
  const signatures = (signed.get(1) as Buffer[]).map((bytes) => ({
    keyid: bytes.subarray(0, 32).toString('hex'),
    sig: bytes.subarray(32).toString('base64'),
  }))
  const payload = (signed.get(0) as Buffer).toString('base64')
  const envelope = JSON.stringify({ payloadType: `application/vnd.blindllama.${kind}.v1+json`, payload, signatures })
  const proof = signed.get(2) as Buffer | undefined
  return { envelope, ...(proof && { proof }) }
}

/** Unsigned integers, byte strings, arrays and maps of RFC 8949. */
function decode(bytes: Buffer): Item {
  let at = 0
  const next = (): Item => {
    const first = bytes.readUInt8(at)
    at += 1
    const extra = first % 32 < 24 ? 0 : 1 << ((first % 32) - 24)
    const argument = extra === 0 ? first % 32 : bytes.readUIntBE(at, extra)
    at += extra
    if (first >> 5 === 0) return argument
    if (first >> 5 === 2) return bytes.subarray(at, (at += argument))
    if (first >> 5 === 4) return Array.from({ length: argument }, next)
    return new Map(Array.from({ length: argument }, (): [number, Item] => [next() as number, next()]))
  }
  return next()
}
