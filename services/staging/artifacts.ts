import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toolsFolder } from '../../tools/environment.ts'

const root: string = fileURLToPath(new URL('../..', import.meta.url))
const target: string = process.env['CARGO_TARGET_DIR'] ?? join(root, 'target')

/** What set-up and build leave behind, and staging runs. */
export const artifacts: Readonly<Record<'gateway' | 'modelServer' | 'model' | 'page', string>> = {
  gateway: join(target, 'gateway/blindllama-gateway'),
  modelServer: join(root, 'services/model-server/dist'),
  model: join(toolsFolder, 'models/SmolLM2-135M-Instruct.Q4_1.gguf'),
  page: join(root, 'examples/react-chat/dist'),
}

/** The program of the log, its witnesses and its monitor: built from services/release-log when it is needed. */
export const releaseLog: string = join(target, 'release-log', 'release-log')

/** The Trusted Types policy of the chat, through which it starts its workers: one reads PDF files, one serves its copy. */
export const chatWorkers = 'chat-workers'

/** The model's name towards clients. */
export const modelId = 'smollm2-135m-instruct'

/** @throws {Error} with a sentence that says what to do */
export async function requireArtifacts(names: readonly (keyof typeof artifacts)[]): Promise<void> {
  for (const name of names) {
    await access(artifacts[name]).catch(() => {
      throw new Error(`${artifacts[name]} is missing. Run: npm run setup`)
    })
  }
}
