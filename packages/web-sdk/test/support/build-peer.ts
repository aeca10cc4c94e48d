import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { goPeerProgram } from './go-peer.js'

/** Builds both peers once for all tests; cargo and go do nothing where they are up to date. */
export default function buildPeer(): void {
  const root = fileURLToPath(new URL('../../../..', import.meta.url))
  execFileSync('cargo', ['build', '--quiet', '--locked', '-p', 'ohttp-peer'], { cwd: root, stdio: 'inherit' })
  execFileSync('bash', ['tools/setup/go.sh', 'build', goPeerProgram], { cwd: root, stdio: 'inherit' })
}
