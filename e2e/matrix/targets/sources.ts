/** A page with one module. */
export function html(script: string, type = 'module'): string {
  return `<!doctype html><meta charset="utf-8"><title>matrix</title><link rel="icon" href="data:,"><script type="${type}" src="${script}"></script>\n`
}

/** A module for a bundler, with the policy as an imported file. */
export function moduleSource(entry: string): string {
  return `import { connect } from '${entry}'
import policy from './policy.json'
import { ask } from './ask.js'
import { service } from './service.js'

ask(connect, { ...service, policy }).then((outcome) => (globalThis.outcome = outcome))
`
}

/** A program for a runtime, which prints the outcome as its last line. */
export function programSource(entry: string): string {
  return `import { connect } from '${entry}'
import { ask } from './ask.js'
import { service } from './service.js'

console.log(JSON.stringify(await ask(connect, service)))
process.exit(0)
`
}
