import type { Command } from '../command.js'
import { exit, type ExitCode } from '../exit.js'
import { usage } from '../failure.js'
import { parse } from '../options.js'
import { bytesOf } from '../read-file.js'
import { publicHex, readKey } from '../release/keys.js'
import type { Io } from '../terminal/io.js'
import { json, list, shown } from '../terminal/text.js'
import { accessKeysIn } from './access-keys.js'
import { push } from './service.js'

const help = shown`Usage: blindllama operate push URL --key FILE [--release FILE] [--status FILE] [--access-keys FILE]

Gives a running gateway documents of its operator (docs/PROTOCOL.md §26), all of them or none. They are in force at once, and until the
process ends: write what has to outlive it into the files of the configuration as well. Of several gateways, give them to each.

  --key FILE          your key (blindllama release keygen); the gateway lists its public half in operator.keys
  --release FILE      release.cbor, as blindllama release pack writes it; not of a lower version than the one that is shown
  --status FILE       status.cbor; not of an earlier date than the one that is shown
  --audience NAME     the service that they are for, one of the gateway's audiences; default: the origin of URL
  --access-keys FILE  the SHA-256 of every API key that is valid from now on, one a line; keys that stay keep their counts
  --json              one JSON object

Exit codes: 0 done, 2 wrong use, 3 nothing was changed.
`

const options = {
  key: { type: 'string' },
  release: { type: 'string' },
  status: { type: 'string' },
  'access-keys': { type: 'string' },
  audience: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

/** An operator who withdraws a key has not withdrawn it for good. */
const afterRestart =
  'A restart brings back the keys of the file, withdrawn ones too: write this list into access.keys as well.\n'

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const [verb, ...rest] = args
  const { values, positionals } = parse(rest, options)
  const [url] = positionals
  const { key: keyFile, release, status, 'access-keys': accessKeys } = values
  if (verb !== 'push' || url === undefined || positionals.length > 1 || keyFile === undefined)
    throw usage('operate push URL --key FILE and a document: blindllama operate --help')
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw usage(`${url} is no URL of a service, such as https://chat.example/`)
  if (release === undefined && status === undefined && accessKeys === undefined)
    throw usage('one of --release, --status and --access-keys is needed')
  const key = await readKey(keyFile)
  const keys = accessKeys === undefined ? undefined : await accessKeysIn(accessKeys)
  await push(url, key, {
    audience: values.audience ?? new URL(url).origin,
    ...(release !== undefined && { release: await bytesOf(release) }),
    ...(status !== undefined && { status: await bytesOf(status) }),
    ...(keys && { accessKeys: keys }),
  })
  const documents = [
    ...(release === undefined ? [] : ['release']),
    ...(status === undefined ? [] : ['status']),
    ...(keys ? [`${keys.length} access keys`] : []),
  ]
  const operator = publicHex(key)
  io.out(
    values.json
      ? json({ result: 'done', url, operator, documents })
      : shown`In force at ${url} until its process ends: ${list(documents)}\n${keys ? afterRestart : ''}`,
  )
  return exit.passed
}

export const operateCommand: Command = {
  summary: 'give a running gateway a release, a status or API keys',
  help,
  run,
}
