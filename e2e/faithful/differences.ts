import type { Observed } from './call.ts'
import type { Run } from './observe.ts'

/**
 * A difference that the protocol explains (PROTOCOL.md §11, "Differences"): what the direct run would have shown, or what is left of
 * the one through the gateway, were it not for that.
 */
interface Difference {
  /** As in the table of PROTOCOL.md. */
  readonly name: string
  readonly direct?: (direct: Run, gateway: Run) => Run
  readonly gateway?: (gateway: Run, direct: Run) => Run
}

type Fields = Readonly<Record<string, string>>

function fieldsOf(saw: Observed): Fields {
  return (saw['fields'] ?? {}) as Fields
}

function withFields(run: Run, keep: (name: string) => boolean): Run {
  if (!('fields' in run.saw)) return run
  const fields = Object.fromEntries(Object.entries(fieldsOf(run.saw)).filter(([name]) => keep(name)))
  return { ...run, saw: { ...run.saw, fields } }
}

function plain(line: string): string {
  return line.trim().replaceAll(/ {2,}/g, ' ')
}

/** Without white space at the ends of names and values, or more than one blank inside. */
function withPlainFields(run: Run): Run {
  if (!('fields' in run.saw)) return run
  const fields = Object.fromEntries(
    Object.entries(fieldsOf(run.saw)).map(([name, value]) => [plain(name), plain(value)]),
  )
  return { ...run, saw: { ...run.saw, fields } }
}

function codeOf({ saw }: Run): string | undefined {
  return (saw['code'] as string | undefined) ?? fieldsOf(saw)['blindllama-code']
}

/** Takes the one run for the other where `applies`. */
function where(applies: (direct: Run, gateway: Run) => boolean): Pick<Difference, 'direct'> {
  return { direct: (direct, gateway) => (applies(direct, gateway) ? gateway : direct) }
}

const ofTheConnection: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'trailer',
  'content-length',
  'set-cookie',
])
const padding = /^: *(?:\r\n\r\n|\n\n|\r\r)/gm
const couldNotBeRead = (run: Run): boolean => 'rejects' in run.saw || run.saw['end'] === 'broken'

export const differences: readonly Difference[] = [
  {
    name: 'fields of one connection',
    direct(run) {
      const connection = fieldsOf(run.saw)['connection'] ?? ''
      const named = new Set(connection.split(',').map((name) => name.trim().toLowerCase()))
      return withFields(run, (name) => !ofTheConnection.has(name) && !named.has(name))
    },
  },
  { name: 'fields of the gateway', direct: (run) => withFields(run, (name) => !name.startsWith('blindllama-')) },
  {
    name: 'date',
    gateway: (gateway, direct) =>
      withFields(gateway, (name) => name !== 'date' || 'date' in fieldsOf(direct.saw) || codeOf(gateway) !== undefined),
  },
  {
    name: 'padding of events',
    gateway: (run) =>
      typeof run.saw['text'] === 'string' && fieldsOf(run.saw)['content-type'] === 'text/event-stream'
        ? { ...run, saw: { ...run.saw, text: run.saw['text'].replaceAll(padding, '') } }
        : run,
  },
  {
    name: 'content that was decoded',
    direct: (direct, gateway) =>
      'content-encoding' in fieldsOf(gateway.saw) ? direct : withFields(direct, (name) => name !== 'content-encoding'),
  },
  {
    name: 'content that a platform does not decode',
    ...where((direct, gateway) => direct.saw['end'] === 'whole' && gateway.saw['text'] === '{"zstd":true}'),
  },
  {
    name: 'content that is cut inside its coding',
    ...where(
      (direct, gateway) =>
        gateway.saw['end'] === 'broken' && direct.saw['end'] === 'whole' && String(direct.saw['text']).startsWith('{'),
    ),
  },
  { name: 'spellings that a platform reads in its own way', direct: withPlainFields },
  {
    name: 'a body that is no body of `fetch`',
    ...where((_, { saw, got }) => saw['code'] === 'request.body' && got.length === 0),
  },
  {
    name: 'an answer that ends before its content',
    gateway: ({ saw, got }) => ({ saw, got: saw['end'] === 'broken' && saw['text'] === '' ? got.slice(0, 1) : got }),
  },
  {
    name: 'fields that are not on the list',
    direct: ({ saw, got }) => ({
      saw,
      got: got.map((request) => ({
        ...request,
        fields: (request['fields'] as readonly string[]).filter((line) => !line.startsWith('x-own:')),
      })),
    }),
  },
  { name: 'a redirect', ...where((_, gateway) => codeOf(gateway) === 'request.upstream_redirect') },
  { name: 'a status that is none', ...where((_, gateway) => codeOf(gateway) === 'request.upstream_status') },
  {
    name: 'no answer',
    ...where((direct, gateway) => couldNotBeRead(direct) && codeOf(gateway) === 'request.upstream_broken'),
  },
  { name: 'a route', ...where((_, gateway) => codeOf(gateway) === 'request.route' && gateway.got.length === 0) },
  {
    name: 'a key that was run',
    ...where(
      (direct, gateway) => direct.saw['second'] === 200 && gateway.saw['second'] === 409 && gateway.got.length === 1,
    ),
  },
]

/** The names of the differences that explain why `gateway` is not `direct`; none where they are equal, undefined where something is left. */
export function explain(direct: Run, gateway: Run): string[] | undefined {
  const names: string[] = []
  const given = { direct: withoutCode(direct), gateway: withoutCode(gateway) }
  if (text(given.direct) === text(given.gateway)) return names
  let [left, right] = [direct, gateway]
  for (const difference of differences) {
    const next = [difference.direct?.(left, right) ?? left, difference.gateway?.(right, left) ?? right] as const
    if (text(next) === text([left, right])) continue
    names.push(difference.name)
    ;[left, right] = next
    if (text(withoutCode(left)) === text(withoutCode(right))) return names
  }
  return undefined
}

/** A code of ours is no part of what is compared: a direct call has none. */
function withoutCode(run: Run): Run {
  if (!('rejects' in run.saw)) return run
  const { code: _, ...saw } = run.saw
  return { ...run, saw }
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part instanceof Object && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
