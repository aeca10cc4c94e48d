import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Builds the peer once for all tests; cargo does nothing where it is up to date. */
export default function buildPeer(): void {
  const root = fileURLToPath(new URL('../../../..', import.meta.url))
  execFileSync('cargo', ['build', '--quiet', '--locked', '-p', 'ohttp-peer'], { cwd: root, stdio: 'inherit' })
}
