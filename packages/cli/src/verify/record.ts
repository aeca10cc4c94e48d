interface Parts {
  evidence: Uint8Array
  nonce: Uint8Array
  policy: Uint8Array
  audience: string
  verifiedAtMs: number
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** A verification record (PROTOCOL.md §21): a receipt without a conversation. */
export function record({ evidence, nonce, policy, audience, verifiedAtMs }: Parts): string {
  const file = {
    type: 'blindllama/receipt',
    version: 1,
    audience,
    policy: Buffer.from(policy).toString('utf8'),
    nonce: base64url(nonce),
    evidence: base64url(evidence),
    verifiedAtMs,
  }
  return `${JSON.stringify(file, null, 2)}\n`
}
