import { getDocument, PDFWorker, type PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs'
import { workerAddress } from '../workers.ts'
import { AttachmentRefused } from './refused.ts'
import { LIMITS } from './attachment.ts'

/** A file that takes longer is refused, and its worker ended. */
const READ_MS = 60_000

/**
 * The text of a PDF, read on this device in a worker of its own, which sees this one file and is ended afterwards.
 *
 * @throws {AttachmentRefused} with a sentence for the person
 */
export async function readPdf(
  bytes: Uint8Array,
  name: string,
): Promise<{ readonly text: string; readonly pages: number }> {
  const port = new Worker(workerAddress('pdf'), { type: 'module', name: 'pdf' })
  let timer: ReturnType<typeof setTimeout> | undefined
  const ended = new Promise<never>((_, reject) => {
    const refuse = (why: string): void => reject(new AttachmentRefused(`${name}: ${why}`))
    timer = setTimeout(() => refuse('reading it took longer than a minute. Send a part of it.'), READ_MS)
    port.addEventListener('error', () => refuse('the reader of PDF files could not be started. Reload the page.'))
  })
  try {
    return await Promise.race([textOf(port, bytes, name), ended])
  } catch (error) {
    if (error instanceof AttachmentRefused) throw error
    const isLocked = error instanceof Error && error.name === 'PasswordException'
    throw new AttachmentRefused(
      isLocked ? `${name} needs a password. Save it without one first.` : `${name} is damaged, or no PDF.`,
    )
  } finally {
    clearTimeout(timer)
    port.terminate()
  }
}

async function textOf(port: Worker, data: Uint8Array, name: string): Promise<{ text: string; pages: number }> {
  const worker = PDFWorker.create({ port })
  // Nothing is drawn: no fonts, no scripts, no forms, and nothing is fetched.
  const nothing = { disableFontFace: true, useSystemFonts: false, enableXfa: false, useWorkerFetch: false }
  // Remarks of the reader about a file belong in no console.
  const task = getDocument({ data, worker, verbosity: 0, ...nothing })
  const file = await task.promise
  if (file.numPages > LIMITS.pages)
    throw new AttachmentRefused(
      `${name} has ${file.numPages} pages, and at most ${LIMITS.pages} are read. Send a part of it.`,
    )
  const pages: string[] = []
  let length = 0
  for (let number = 1; number <= file.numPages; number += 1) {
    const text = await pageText(file, number)
    length += text.length
    if (length > LIMITS.text)
      throw new AttachmentRefused(`${name} holds more than 4,000,000 characters. Send a part of it.`)
    pages.push(text)
  }
  const text = pages.join('\n\n').trim()
  if (text === '')
    throw new AttachmentRefused(
      `${name} holds no text that this page can read: it may be scanned. Send it as images, if the model reads them.`,
    )
  return { text, pages: file.numPages }
}

async function pageText(file: PDFDocumentProxy, number: number): Promise<string> {
  const page = await file.getPage(number)
  const { items } = await page.getTextContent()
  page.cleanup()
  return items.map((item) => ('str' in item ? `${item.str}${item.hasEOL ? '\n' : ''}` : '')).join('')
}
