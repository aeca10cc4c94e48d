import { join } from 'node:path'
import { llamaServers } from '../../packages/image/build/llama-server.ts'
import { artifacts } from '../../services/staging/artifacts.ts'
import { Child } from '../../services/staging/child.ts'
import { freePorts } from '../../services/staging/ports.ts'
import type { ModelServer } from './server.ts'

/** A prompt of a busy machine may take a while; loading takes a second. */
const readyMs = 60_000

/**
 * Starts llama.cpp's own server with the model of staging, so that the same request has the same answer twice: one thread, one slot, and
 * nothing of an earlier prompt. Builds it where the cache has none, which takes about five minutes.
 */
export async function startLlamaServer(folder: string): Promise<ModelServer> {
  const { sse2: program } = await llamaServers((message) => void process.stdout.write(`  ${message}\n`))
  const [port = 0] = await freePorts(1)
  const controller = new AbortController()
  const model = 'smollm2'
  const child = new Child({
    name: 'llama-server',
    command: program,
    args: [
      `--model ${artifacts.model} --alias ${model} --host 127.0.0.1 --port ${port}`,
      '--threads 1 --parallel 1 --ctx-size 2048 --seed 1 --jinja --no-cache-prompt --cache-ram 0 --no-warmup',
    ].flatMap((words) => words.split(' ')),
    log: join(folder, 'llama-server.log'),
    signal: controller.signal,
  })
  const url = `http://127.0.0.1:${port}`
  await child.until(async () => (await fetch(`${url}/health`)).ok, readyMs)
  return {
    name: "llama.cpp's llama-server",
    url,
    model,
    received: () => [],
    async stop() {
      await child.stop()
      controller.abort()
    },
  }
}
