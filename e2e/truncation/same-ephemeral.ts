const { subtle } = globalThis.crypto
const generate = subtle.generateKey.bind(subtle) as (...args: unknown[]) => Promise<unknown>

/**
 * Makes every X25519 key pair of this process the same from now on, until the next call: each request then has the same HPKE
 * context (RFC 9180 §5.1), and an answer recorded once opens again and again. It gives up what a fresh key is for.
 */
export function pinEphemeralKey(): void {
  let pinned: Promise<unknown> | undefined
  const generateKey = async (...args: unknown[]): Promise<unknown> => {
    const [algorithm] = args as [string | { name: string }]
    const name = typeof algorithm === 'string' ? algorithm : algorithm.name
    return name === 'X25519' ? (pinned ??= generate(...args)) : generate(...args)
  }
  Object.defineProperty(subtle, 'generateKey', { value: generateKey, configurable: true })
}
