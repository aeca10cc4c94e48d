/** What every request of the SDK is sent with (PROTOCOL.md §2): nothing that identifies, nothing that is kept, no detours. */
export const outerRequest: RequestInit = {
  credentials: 'omit',
  referrerPolicy: 'no-referrer',
  redirect: 'error',
  cache: 'no-store',
}

/** The media type of a response in lower case, without parameters. */
export function mediaType(response: Response): string {
  return (response.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}
