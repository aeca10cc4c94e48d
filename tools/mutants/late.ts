import type { Outcome } from '../run/command.ts'

/** Whether a command was ended because its time was over. */
export function isLate({ reason }: Outcome): boolean {
  return reason.startsWith('took longer than')
}
