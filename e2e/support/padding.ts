/** Streamed events without the comments by which the gateway pads them, each with a blank line of its own (PROTOCOL.md §10). */
export function withoutPadding(text: string): string {
  return text.replaceAll(/^: *\n\n/gm, '')
}
