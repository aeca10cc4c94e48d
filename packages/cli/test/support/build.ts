import { execFile } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The command's file, built from the sources that stand there now. */
    command: string
  }
}

const here: string = fileURLToPath(new URL('../..', import.meta.url))

/** Builds the command as for publication, so that tests never run an older build. Below `node_modules`, where imports resolve. */
export async function setup(project: TestProject): Promise<() => void> {
  const folder = `${here}node_modules/.test-${process.pid}`
  mkdirSync(folder, { recursive: true })
  await promisify(execFile)(`${here}node_modules/.bin/tsdown`, [], {
    cwd: here,
    env: { ...process.env, CLI_OUT_DIR: folder },
  })
  project.provide('command', `${folder}/blindllama.js`)
  return () => rmSync(folder, { recursive: true, force: true })
}
