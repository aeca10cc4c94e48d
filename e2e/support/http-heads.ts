/** The head of an HTTP/1.1 request, as it went over the wire. */
export interface RequestHead {
  readonly method: string
  readonly target: string
  /** Lower-case names, in the order sent. */
  readonly fields: readonly (readonly [string, string])[]
}

const head = /(GET|POST|OPTIONS) (\/blindllama\/v1\/\S*) HTTP\/1\.[01]\r\n((?:[^\r\n]+\r\n)*)\r\n/g

/** Finds the heads among what clients sent in clear text. */
export function requestHeads(bytes: Buffer): readonly RequestHead[] {
  return [...bytes.toString('latin1').matchAll(head)].map(([, method = '', target = '', lines = '']) => ({
    method,
    target,
    fields: lines
      .split('\r\n')
      .slice(0, -1)
      .map((line) => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
      }),
  }))
}
