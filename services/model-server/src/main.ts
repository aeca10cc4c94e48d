import { once } from 'node:events'
import { parseArguments, usage } from './arguments.ts'
import { Engine } from './engine.ts'
import { createModelServer } from './server.ts'

/** Tells whoever started this process that it serves, as one line of JSON on standard output. */
function announce(fields: object): void {
  process.stdout.write(`${JSON.stringify(fields)}\n`)
}

function stop(message: string, status: number): never {
  process.stderr.write(message)
  process.exit(status)
}

if (process.argv.includes('--help')) {
  process.stdout.write(usage)
  process.exit(0)
}

let settings: ReturnType<typeof parseArguments>
try {
  settings = parseArguments(process.argv.slice(2))
} catch (error) {
  stop(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, 2)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0))

// The socket is for the user who starts the server, and for nobody else on the machine.
process.umask(0o077)
try {
  const started = performance.now()
  const engine = await Engine.load(settings.engine)
  const server = createModelServer(engine)
  server.listen(settings.address)
  await once(server, 'listening')
  const loadMs = Math.round(performance.now() - started)
  announce({ event: 'ready', model: engine.modelId, address: server.address(), load_ms: loadMs })
} catch (error) {
  stop(`model server: ${error instanceof Error ? error.message : String(error)}\n`, 1)
}
