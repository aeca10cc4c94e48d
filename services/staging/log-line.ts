/** Reads a line of a log as one JSON object with an `event`; undefined when it is something else. */
export function parseEvent(line: string, event: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value !== 'object' || value === null) return undefined
    const fields = value as Readonly<Record<string, unknown>>
    return fields['event'] === event ? fields : undefined
  } catch {
    return undefined
  }
}
