/** A model server that the clients ask, directly and through gateway and SDK. */
export interface ModelServer {
  readonly name: string
  /** Without a slash at its end. */
  readonly url: string
  readonly model: string
  /** What the server got since the last call of this, where it keeps it: method, path and content. */
  received: () => readonly string[]
  stop: () => Promise<void>
}
