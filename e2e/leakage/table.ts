import type { Leakage } from './measure.ts'

/** What was measured as Markdown: the same on every machine, as long as the product is the same. */
export function describe({ requests, answers, tokens, timing, visit }: Leakage): string {
  const asked = classesOf(requests.map(({ prompt, bytes }) => ({ characters: prompt, bytes })))
  const answered = classesOf(answers.map(({ answer, bytes }) => ({ characters: answer, bytes })))
  const [least = 0, most = 0] = [requests[0]?.prompt, requests.at(-1)?.prompt]
  const roundedMs = Math.round(timing.medianMs / 50) * 50
  return [
    `**Questions.** ${requests.length} prompts of ${least} to ${most} characters, every tenth length, made ${asked.length} lengths.`,
    '',
    'Some of them:',
    '',
    ...table(['encapsulated request, bytes', 'prompts that look like this, characters'], pickFew(asked).map(row)),
    '',
    `**Whole answers.** Without \`stream\`, ${answers.length} answers of the same lengths made ${answered.length} lengths.`,
    '',
    'Some of them:',
    '',
    ...table(['encapsulated answer, bytes', 'answers that look like this, characters'], pickFew(answered).map(row)),
    '',
    '**Streamed answers.** Each token arrives by itself:',
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

/** Texts that have one length on the wire: the shortest and the longest of them. */
interface Class {
  readonly bytes: number
  readonly from: number
  readonly to: number
}

function classesOf(texts: readonly { readonly characters: number; readonly bytes: number }[]): readonly Class[] {
  return [...new Set(texts.map(({ bytes }) => bytes))].map((bytes) => {
    const alike = texts.flatMap((text) => (text.bytes === bytes ? [text.characters] : []))
    return { bytes, from: Math.min(...alike), to: Math.max(...alike) }
  })
}

function row({ bytes, from, to }: Class): Row {
  return [bytes, from === to ? from : `${from} to ${to}`]
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
