/** What the page is told of its service. */
export interface Service {
  /** Base URL. */
  url: string
  /** JSON text. */
  policy: string
  model: string
}

/**
 * The service of `npm start`, which publishes address and policy beside its page.
 *
 * A product compiles both into the page, because the policy is the root of all trust:
 *
 * ```ts
 * import policy from './policy.json'
 *
 * export const service = { url: 'https://chat.example/', policy, model: 'llama' }
 * ```
 */
export async function stagingService(): Promise<Service> {
  const answer = await fetch('/staging.json')
  return (await answer.json()) as Service
}
