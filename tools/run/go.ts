import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import '../environment.ts'

/** Builds a Go module of this repository into the file `program`. Nothing is done where it is up to date. */
export function buildGo(module: 'assurance/interop/go' | 'services/release-log', program: string): void {
  const folder = fileURLToPath(new URL(`../../${module}`, import.meta.url))
  execFileSync('go', ['build', '-C', folder, '-trimpath', '-buildvcs=false', '-o', program, '.'], { stdio: 'inherit' })
}
