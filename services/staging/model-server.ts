import { join } from 'node:path'
import { artifacts, modelId } from './artifacts.ts'
import { Child } from './child.ts'
import { parseEvent } from './log-line.ts'

/** The command of the model server. Its words are measured: with others, the same files could serve another model. */
export function modelServerCommand(socket: string): { command: string; args: string[] } {
  const script = join(artifacts.modelServer, 'server.mjs')
  const args = [script, '--model', artifacts.model, '--id', modelId, '--socket', socket, '--threads', '1']
  return { command: process.execPath, args }
}

export async function startModelServer(socket: string, folder: string, signal: AbortSignal): Promise<Child> {
  const child = new Child({
    name: 'the model server',
    ...modelServerCommand(socket),
    log: join(folder, 'model-server.log'),
    signal,
  })
  await child.line((line) => parseEvent(line, 'ready'), 60_000)
  return child
}
