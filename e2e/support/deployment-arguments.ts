import { readFile } from 'node:fs/promises'
import type { DeploymentSettings } from './deployment.ts'

/** The service that the words of a command name, and the words for Playwright. */
export interface DeploymentArguments {
  readonly settings?: DeploymentSettings
  readonly rest: readonly string[]
  /** Why the command cannot run. */
  readonly mistake?: string
}

const withValue: ReadonlySet<string> = new Set(['--url', '--policy', '--api-key-env'])

/** A key is named by its variable, because words of a command are seen by every process of the machine. */
export async function readDeployment(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<DeploymentArguments> {
  const values = new Map<string, string>()
  const rest: string[] = []
  let allowSimulated = false
  for (let at = 0; at < words.length; at++) {
    const [name = '', ...inline] = (words[at] ?? '').split('=')
    if (name === '--dangerously-allow-simulated') allowSimulated = true
    else if (withValue.has(name)) values.set(name, inline.length > 0 ? inline.join('=') : (words[++at] ?? ''))
    else rest.push(words[at] ?? '')
  }
  const [address, file, variable] = ['--url', '--policy', '--api-key-env'].map((name) => values.get(name))
  if (values.size === 0 && !allowSimulated) return { rest }
  const wrong = (mistake: string): DeploymentArguments => ({ rest, mistake })
  if (!address || !file)
    return wrong('--url URL and --policy FILE belong together: a service counts under a policy alone.')
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol))
    return wrong(`--url ${address}: must be the base URL of a service, as https://chat.example/`)
  const url = address.endsWith('/') ? address : `${address}/`
  const apiKey = variable === undefined ? undefined : environment[variable]
  if (variable !== undefined && !apiKey) return wrong(`--api-key-env ${variable}: this variable is not set.`)
  let policy: string
  try {
    policy = await readFile(file, 'utf8')
    JSON.parse(policy)
  } catch (error) {
    return wrong(`--policy ${file}: no file with JSON: ${(error as Error).message}`)
  }
  return { rest, settings: { url, policy, allowSimulated, apiKey } }
}
