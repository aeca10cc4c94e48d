import { loadPart, once } from '../ui/load-part.ts'
import { LIMITS, type Attachment } from './attachment.ts'
import { AttachmentRefused } from './refused.ts'

const loadPdf = once(async () => loadPart(async () => import('./pdf.ts')))
const number = new Intl.NumberFormat('en')

/** How images begin that browsers show and models read. */
const IMAGES: readonly { readonly type: string; readonly begins: RegExp }[] = [
  // oxlint-disable-next-line no-control-regex -- Bytes of a file, not text.
  { type: 'image/png', begins: /^\x89PNG\r\n\x1a\n/ },
  { type: 'image/jpeg', begins: /^\xff\xd8\xff/ },
  { type: 'image/gif', begins: /^GIF8[79]a/ },
  { type: 'image/webp', begins: /^RIFF[^]{4}WEBP/ },
]

/**
 * Reads a file on this device. Its kind is told by its content, since names and types are claims.
 *
 * @param takesImages whether the model reads images; asked for an image alone
 * @throws {AttachmentRefused} with a sentence for the person
 */
export async function readFile(file: File, takesImages: () => Promise<boolean>): Promise<Attachment> {
  const name = file.name.slice(0, 200) || 'File'
  const head = latin1(await bytesOf(file.slice(0, 16), name))
  const id = crypto.randomUUID()
  if (head.startsWith('%PDF-')) {
    demand(file.size, LIMITS.pdf, name)
    const bytes = await bytesOf(file, name)
    const { readPdf } = await loadPdf()
    return { id, kind: 'text', name, ...(await readPdf(bytes, name)) }
  }
  const image = IMAGES.find(({ begins }) => begins.test(head))
  if (image) {
    demand(file.size, LIMITS.image, name)
    if (!(await takesImages()))
      throw new AttachmentRefused(
        `${name} is an image, and the service does not say that this model reads images. If you know that it does, say so in the settings.`,
      )
    return { id, kind: 'image', name, dataUrl: `data:${image.type};base64,${base64(await bytesOf(file, name))}` }
  }
  demand(file.size, LIMITS.text, name)
  return { id, kind: 'text', name, text: textOf(await bytesOf(file, name), name) }
}

function demand(size: number, most: number, name: string): void {
  if (size > most)
    throw new AttachmentRefused(
      `${name} has ${number.format(size)} bytes, and at most ${number.format(most)} are sent. Send a part of it.`,
    )
}

async function bytesOf(file: Blob, name: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await file.arrayBuffer())
  } catch {
    throw new AttachmentRefused(`${name} could not be read. It may have been moved or changed: choose it again.`)
  }
}

function textOf(bytes: Uint8Array, name: string): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (!text.includes('\0')) return text
  } catch {
    // Told below, as for bytes that are UTF-8 and yet no text.
  }
  throw new AttachmentRefused(`${name} is neither text in UTF-8, nor a PDF, nor an image in PNG, JPEG, WebP or GIF.`)
}

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes)

/** In pieces, since a function takes no millions of arguments. `Uint8Array.toBase64` is missing in some browsers. */
function base64(bytes: Uint8Array): string {
  const pieces: string[] = []
  for (let at = 0; at < bytes.length; at += 8190) pieces.push(btoa(latin1(bytes.subarray(at, at + 8190))))
  return pieces.join('')
}
