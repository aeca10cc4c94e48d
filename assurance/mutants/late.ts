import type { Outcome } from '../../tools/run/command.ts'

/** Whether a command was ended because its time was over. */
export function isLate({ reason }: Outcome): boolean {
  return reason.startsWith('took longer than')
}
