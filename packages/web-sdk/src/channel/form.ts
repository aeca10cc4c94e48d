import { base64url } from '../bytes.js'

/**
 * A form as `multipart/form-data` (https://html.spec.whatwg.org/#multipart-form-data). Its files are referred to: engines that
 * are asked to encode a form copy them.
 */
export function encodeForm(form: FormData): { content: Blob; type: string } {
  const boundary = `form-${base64url(crypto.getRandomValues(new Uint8Array(24)))}`
  const parts: BlobPart[] = []
  for (const [name, value] of form) {
    parts.push(`--${boundary}\r\nContent-Disposition: form-data; name="${escape(lines(name))}"`)
    if (typeof value === 'string') parts.push(`\r\n\r\n${lines(value)}`)
    else {
      const type = value.type || 'application/octet-stream'
      parts.push(`; filename="${escape(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`, value)
    }
    parts.push('\r\n')
  }
  parts.push(`--${boundary}--\r\n`)
  return { content: new Blob(parts), type: `multipart/form-data; boundary=${boundary}` }
}

function lines(text: string): string {
  return text.replace(/\r\n?|\n/g, '\r\n')
}

/** As names and file names stand between quotation marks. */
function escape(text: string): string {
  return text.replace(/[\n\r"]/g, encodeURIComponent)
}
