/** Why something cannot be attached: a sentence for the person. Nothing was sent. */
export class AttachmentRefused extends Error {
  override readonly name = 'AttachmentRefused'
}
