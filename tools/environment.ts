/**
 * Puts what set-up installs on this process's PATH, and its folders into the environment. Import it for that effect, from every module
 * that starts a program: what is on the PATH of one machine's shell is missing on another one.
 *
 *     import '../tools/environment.ts'
 *
 * `tools/setup/environment.sh` alone knows where things are. Children inherit the answer, so that it is asked once.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const script: string = fileURLToPath(new URL('setup/environment.sh', import.meta.url))

if (process.env['WORKSPACE_TOOLS'] === undefined)
  for (const entry of execFileSync('bash', [script], { encoding: 'utf8' }).split('\0')) {
    const [name = '', ...value] = entry.split('=')
    if (name !== '') process.env[name] = value.join('=')
  }

/** The folder of what set-up installs: `bin/`, `models/`, `go/`. */
export const toolsFolder: string = process.env['WORKSPACE_TOOLS'] ?? ''
