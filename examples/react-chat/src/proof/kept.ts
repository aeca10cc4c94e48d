import { receipts, type Receipt, type ReceiptStore } from '@blindllama/web-sdk/receipts'

/** Asks for a receipt with every question. Made here and not in a component: the hook tells its options apart by it. */
export const kept: ReceiptStore = receipts()

/** Names of the files that this page offers. */
export const POLICY_FILE = 'blindllama-policy.json'

export function fileName(signed: boolean): string {
  return signed ? 'blindllama-receipt.json' : 'blindllama-verification-record.json'
}

type Kept = Pick<Receipt, 'signed' | 'verdict'>

/** What a file shows and what it does not, in sentences for the person who keeps it. */
export function statementOf({ signed, verdict }: Kept): readonly string[] {
  const what = signed
    ? 'A receipt. The verified service signed your question, with all data sent along, and this answer.'
    : 'A verification record. This service signs no answers: the file shows what was verified, and nothing of this conversation.'
  const claims = signed
    ? [
        'The exact time within five minutes, the person who asked, and the earlier turns of this conversation are your claims.',
        'The file without the content still holds a number from the address of a request: a proxy that logged it can link the file to you.',
      ]
    : []
  const simulated = verdict.simulated
    ? ['The TPM is simulated: this demonstrates the protocol and proves nothing about the machine.']
    : []
  return [what, ...claims, ...simulated]
}

/** How anybody checks such a file later, without a network. */
export interface Check {
  readonly sentence: string
  /** A line for a shell. */
  readonly command: string
}

/**
 * The check with a policy. The file carries one as well, and so does a forged file: whoever checks takes the policy from this page or
 * from whoever runs the service, and not from the one who shows the file.
 */
export function checkOf({ signed, verdict }: Kept): Check {
  const sentence =
    'Anybody can check the file later, without a network, with the policy of this service. Take the policy from a source that you trust, such as this page: the policy inside the file was chosen by its author, and proves nothing.'
  const allow = verdict.simulated ? ' --dangerously-allow-simulated' : ''
  return { sentence, command: `blindllama verify ${fileName(signed)} --policy ${POLICY_FILE}${allow}` }
}
