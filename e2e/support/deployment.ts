import { requestsAt, type Staging } from './test.ts'

/** A service that answers somewhere: the one of `pnpm e2e --url URL --policy FILE`, or the tests' own staging. */
export interface Deployment {
  /** Base URL. */
  readonly url: string
  /** JSON text, with an audience. */
  readonly policy: string
  /** Whether the caller accepts a software TPM. */
  readonly allowSimulated: boolean
  /** Fields for the model server, as those with a key. */
  readonly headers: Readonly<Record<string, string>>
  /** Requests that arrived at the gateway; `undefined` where its log is not at hand. */
  readonly requests: () => Promise<number | undefined>
}

/** What run.ts passes on. */
export interface DeploymentSettings {
  readonly url: string
  readonly policy: string
  readonly allowSimulated: boolean
  readonly apiKey: string | undefined
}

/** The variable of the environment with the settings, JSON text. */
export const deploymentVariable = 'E2E_DEPLOYMENT'

/** @param staging starts the tests' own service, where the caller named none */
export async function deployment(staging: () => Promise<Staging>): Promise<Deployment> {
  const text = process.env[deploymentVariable]
  if (text === undefined) {
    const own = await staging()
    return { url: own.url, policy: own.policy, allowSimulated: true, headers: {}, requests: () => requestsAt(own) }
  }
  const { url, policy, allowSimulated, apiKey } = JSON.parse(text) as DeploymentSettings
  // The page asks a proxy on the loopback: the service is still that of its own origin.
  const members = { audience: new URL(url).origin, ...(JSON.parse(policy) as object) }
  const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
  return { url, policy: JSON.stringify(members), allowSimulated, headers, requests: async () => undefined }
}
