import type { Leakage } from './measure.ts'

/** What was measured as Markdown: the same on every machine, as long as the product is the same. */
export function describe({ requests, tokens, timing, visit }: Leakage): string {
  const sizes = [...new Set(requests.map(({ bytes }) => bytes))]
  const classes = sizes.map((bytes) => {
    const prompts = requests.flatMap((request) => (request.bytes === bytes ? [request.prompt] : []))
    return { bytes, from: Math.min(...prompts), to: Math.max(...prompts) }
  })
  const [least = 0, most = 0] = [requests[0]?.prompt, requests.at(-1)?.prompt]
  const roundedMs = Math.round(timing.medianMs / 50) * 50
  return [
    `**Questions.** ${requests.length} prompts of ${least} to ${most} characters, every tenth length, made requests of ${sizes.length} lengths. Some of them:`,
    '',
    ...table(
      ['encapsulated request, bytes', 'prompts that look like this, characters'],
      pickFew(classes).map(({ bytes, from, to }) => [bytes, from === to ? from : `${from} to ${to}`]),
    ),
    '',
    '**Answers.** Each token of a streamed answer arrives by itself:',
    '',
    ...table(
      ['token', 'its characters', 'bytes on the wire'],
      tokens.map(({ token, bytes }) => [`\`${token}\``, token.length, bytes]),
    ),
    '',
    `Tokens made ${timing.sentEveryMs} ms apart were seen ${roundedMs} ms apart (median, to 50 ms).`,
    '',
    `**Requests.** A visit with ${visit.questions} questions:`,
    '',
    ...table(
      ['seen', 'times'],
      Object.entries(visit.seen).map(([what, times]) => [`\`${what}\``, times]),
    ),
  ].join('\n')
}

type Row = readonly (string | number)[]

function table(head: readonly string[], rows: readonly Row[]): readonly string[] {
  return [line(head), line(head.map(() => '---')), ...rows.map(line)]
}

function line(cells: Row): string {
  return `| ${cells.join(' | ')} |`
}

/** The first three, the last, and two between. */
function pickFew<T>(list: readonly T[]): readonly T[] {
  const wanted = new Set([0, 1, 2, Math.floor(list.length / 2), Math.floor((3 * list.length) / 4), list.length - 1])
  return list.filter((_, index) => wanted.has(index))
}
