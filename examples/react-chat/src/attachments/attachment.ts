/** Something that is sent with a question. Its content is read on the device and leaves it encrypted, as the question does. */
export type Attachment = TextAttachment | ImageAttachment

export interface TextAttachment {
  readonly id: string
  readonly kind: 'text'
  readonly name: string
  readonly text: string
  /** Where the text was read from a PDF: the number of its pages. */
  readonly pages?: number
}

export interface ImageAttachment {
  readonly id: string
  readonly kind: 'image'
  readonly name: string
  /** `data:image/…;base64,…` */
  readonly dataUrl: string
}

/** Bounds of what one question carries. A gateway accepts 65 MiB by default for a question with all that came before it. */
export const LIMITS = {
  /** Attachments of one question. */
  count: 10,
  /** Bytes of a text file, and UTF-16 code units of pasted text or of a PDF's text. */
  text: 4_000_000,
  /** Bytes of an image. */
  image: 8_000_000,
  /** Bytes and pages of a PDF file. */
  pdf: 25_000_000,
  pages: 300,
  /** Characters of all attachments of a question, as they are sent. */
  together: 24_000_000,
} as const

/** The characters that an attachment adds to a request. */
export function sizeOf(attachment: Attachment): number {
  return attachment.kind === 'text' ? attachment.text.length : attachment.dataUrl.length
}
