import type { ReceivedEvidence } from '@blindllama/web-sdk/verify'

/** Evidence with everything that its verification reads. */
export interface Evidence extends ReceivedEvidence {
  /** The policy's JSON text, as bytes. */
  readonly policy: Uint8Array
  /** The ASCII origin of the service's base URL. */
  readonly audience: string
  /** When the client received it, in milliseconds since 1970. */
  readonly receivedAtMs: number
}
