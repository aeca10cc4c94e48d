import type { ReceiptVerdict } from '@blindllama/web-sdk/receipts'
import { sentenceOfRefusal } from '@blindllama/web-sdk/sentences'
import { h } from '../dom.js'
import type { ProofSource } from '../proof/source.js'
import type { Strings } from '../strings/strings.js'

/** The largest file that is read, in bytes: the limit of PROTOCOL.md §21. */
const maxBytes = 256 * 1024 * 1024

/** Checks a file of the person's choice under the policy of the proof. */
export function receiptSection(source: ProofSource, strings: Strings): readonly HTMLElement[] {
  const outcome = h('div', { role: 'status', class: 'outcome' })
  const field = h('input', { type: 'file', accept: '.json,application/json', onchange: () => void check() })
  const check = async (): Promise<void> => {
    const [file] = field.files ?? []
    outcome.replaceChildren()
    if (file) outcome.replaceChildren(await checked(source, file, strings))
  }
  return [
    h('p', { class: 'soft' }, strings.receiptNote),
    h('div', { class: 'row' }, h('label', {}, strings.receiptChoose, field)),
    outcome,
  ]
}

async function checked(source: ProofSource, file: File, strings: Strings): Promise<HTMLElement> {
  try {
    if (file.size > maxBytes) throw new RangeError('receipt.size')
    return said(await source.checkFile(await file.text()), strings)
  } catch (error) {
    const { code, message } = error as Error & { code?: string }
    return h(
      'p',
      { class: 'note', 'data-tone': 'bad', 'data-receipt': code ?? 'error' },
      `${strings.receiptFail}: ${message}`,
    )
  }
}

/** What a file was found to be, in a sentence. */
export function said(read: ReceiptVerdict, strings: Strings): HTMLElement {
  const note = (tone: string, ...text: (Node | string)[]): HTMLElement =>
    h('p', { class: 'note', 'data-tone': tone, 'data-receipt': read.result }, ...text)
  switch (read.result) {
    case 'fail':
      return note(
        'bad',
        `${strings.receiptFail}: `,
        h('span', { lang: 'en' }, sentenceOfRefusal(read.verdict), ' '),
        h('code', {}, read.verdict.code),
      )
    case 'withdrawn':
      return note('bad', strings.receiptWithdrawn)
    case 'unchecked':
      return note('warn', strings.receiptUnchecked)
    case 'pass': {
      const what = read.kind === 'receipt' ? strings.receiptPass : strings.recordPass
      return read.verdict.simulated ? note('warn', `${what} ${strings.meaning.simulated}`) : note('good', what)
    }
  }
}
