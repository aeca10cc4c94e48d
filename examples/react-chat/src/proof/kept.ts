import { receipts, type Receipt, type ReceiptKeeper } from '@blindllama/web-sdk/receipts'

/** Asks for a receipt with every question. Made here and not in a component: the hook tells its options apart by it. */
export const kept: ReceiptKeeper = receipts()

/** What a file shows and what it does not, in sentences for the person who keeps it. */
export function statementOf({ signed, verdict }: Pick<Receipt, 'signed' | 'verdict'>): readonly string[] {
  const what = signed
    ? 'A receipt. The service that was verified signed your question, with all that was sent along, and this answer. Anybody can check that later, without a network: blindllama verify FILE.'
    : 'A verification record. This service signs no answers: the file shows what was verified, and nothing of this conversation.'
  const claims = signed ? ['When it was, and that it was you who asked, is your word.'] : []
  const simulated = verdict.simulated
    ? ['The TPM is simulated: this demonstrates the protocol and proves nothing about the machine.']
    : []
  return [what, ...claims, ...simulated]
}
