import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import type { EngineOptions } from './engine.ts'

export type Address = { readonly path: string } | { readonly host: string; readonly port: number }

export interface Arguments {
  readonly engine: EngineOptions
  readonly address: Address
}

export const usage = `Usage: node server.mjs --model FILE.gguf (--socket PATH | --port N) [options]

  --model FILE          model in GGUF format
  --id NAME             what requests name it by (the file's name without ending)
  --socket PATH         UNIX socket to listen on
  --port N              port of 127.0.0.1 to listen on, 0 for a free one
  --threads N           threads per batch (1)
  --parallel N          requests answered at once, the others wait (4)
  --context-size N      tokens of prompt and answer together, per request (2048)
`

/** @throws {Error} with a sentence that says what is wrong */
export function parseArguments(list: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...list],
    options: {
      model: { type: 'string' },
      id: { type: 'string' },
      socket: { type: 'string' },
      port: { type: 'string' },
      threads: { type: 'string', default: '1' },
      parallel: { type: 'string', default: '4' },
      'context-size': { type: 'string', default: '2048' },
    },
  })
  if (values.model === undefined) throw new Error('--model is missing')
  if ((values.socket === undefined) === (values.port === undefined)) throw new Error('give either --socket or --port')
  return {
    engine: {
      modelPath: values.model,
      modelId: values.id ?? basename(values.model).replace(/\.gguf$/i, ''),
      threads: count('threads', values.threads, 1, 256),
      parallel: count('parallel', values.parallel, 1, 64),
      contextSize: count('context-size', values['context-size'], 64, 1 << 20),
    },
    address:
      values.socket === undefined
        ? { host: '127.0.0.1', port: count('port', values.port ?? '', 0, 65535) }
        : { path: values.socket },
  }
}

function count(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= least && value <= most)) throw new Error(`--${name} must be a number from ${least} to ${most}`)
  return value
}
