import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import '../../../../tools/environment.ts'
import { buildGo } from '../../../../tools/run/go.ts'
import { goPeerProgram } from './go-peer.js'

/** Builds both peers and the gateway's decoders once for all tests; cargo and go do nothing where they are up to date. */
export default function buildPeer(): void {
  const root = fileURLToPath(new URL('../../../..', import.meta.url))
  process.stderr.write('Building the peers of the tests: some minutes the first time\n')
  const cargo = ['build', '--quiet', '--locked']
  execFileSync('cargo', [...cargo, '-p', 'ohttp-peer'], { cwd: root, stdio: 'inherit' })
  execFileSync('cargo', [...cargo, '-p', 'blindllama-gateway', '--example', 'decode'], { cwd: root, stdio: 'inherit' })
  buildGo('assurance/interop/go', goPeerProgram)
}
