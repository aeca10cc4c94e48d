import { fileURLToPath } from 'node:url'
import { runCommand } from '../../../tools/run/command.ts'

/** How many damaged answers the SDK in the folder `sdk` takes for whole, by `pnpm test:truncation`. */
export async function acceptedBy(sdk: string): Promise<number> {
  const command = ['node', '--import', 'tsx', 'e2e/truncation.ts', '--json', '--only', 'recorded']
  const cwd = fileURLToPath(new URL('../../..', import.meta.url))
  const { stdout, output } = await runCommand(command, { cwd, env: { E2E_SDK: sdk }, timeoutMs: 5 * 60_000 })
  const result = stdout.trimEnd().split('\n').at(-1) ?? ''
  if (!result.startsWith('{')) throw new Error(`${output.trimEnd()}\nno result`)
  return (JSON.parse(result) as { accepted: number }).accepted
}
