import {
  useEffect,
  useId,
  useRef,
  useState,
  type ClipboardEvent,
  type DragEvent,
  type KeyboardEvent,
  type ReactElement,
} from 'react'
import { useAttachments } from '../attachments/use-attachments.ts'
import type { Question } from '../conversation/conversation.ts'
import { isEmpty, lengthOf } from '../conversation/question.ts'
import { AttachIcon, SendIcon, StopIcon } from '../ui/icons.tsx'
import { AttachmentList } from './attachment-list.tsx'

interface ComposerProps {
  readonly busy: boolean
  /** Why nothing can be sent now, said beside the field. */
  readonly blocked: string | undefined
  /** Whether one may write already, e.g. while an earlier verification is being renewed. */
  readonly writable: boolean
  /** Whether conversations are stored on this device. */
  readonly stored?: boolean
  /** Whether the model reads images. */
  readonly takesImages?: () => Promise<boolean>
  readonly onSend: (question: Question) => void
  readonly onStop: () => void
  /** The person begins to write: what sending needs can be loaded. */
  readonly onDraft?: () => void
}

/** From this length on, in UTF-16 code units, pasted text becomes an attachment: fields of this length slow a browser down. */
export const LONG_PASTE = 20_000

const never = async (): Promise<boolean> => false

/** Where the browser does not size the field by its content. */
const MAX_ROWS = 6

function rowsOf(text: string): number {
  let rows = 1
  for (let at = text.indexOf('\n'); at >= 0 && rows < MAX_ROWS; at = text.indexOf('\n', at + 1)) rows += 1
  return rows
}

export function Composer(props: ComposerProps): ReactElement {
  const { busy, blocked, writable, stored = false, takesImages = never, onSend, onStop, onDraft } = props
  const [text, setText] = useState('')
  const attachments = useAttachments(takesImages)
  const chooser = useRef<HTMLInputElement>(null)
  const field = useRef<HTMLTextAreaElement>(null)
  const reasonId = useId()
  const { tooLong, sentence } = lengthOf(text)
  const isThere = !isEmpty(text) || attachments.list.length > 0
  const sendable = blocked === undefined && !busy && !tooLong && !attachments.reading && isThere

  // What had the focus may be gone: a suggestion once it is asked, the button that asks again. A touch screen is left alone,
  // where focus would raise the keyboard over the answer.
  useEffect(() => {
    const lost = document.activeElement === document.body
    if (writable && lost && matchMedia('(pointer: fine)').matches) field.current?.focus()
  }, [writable, busy])

  // Escape stops the answer from anywhere in the page, except where it closes a dialog or ends a composition.
  useEffect(() => {
    if (!busy) return undefined
    const onEscape = (event: globalThis.KeyboardEvent): void => {
      if (event.key !== 'Escape' || event.isComposing || event.defaultPrevented) return
      if (event.composedPath().some((each) => each instanceof HTMLDialogElement && each.open)) return
      onStop()
    }
    document.addEventListener('keydown', onEscape)
    return () => document.removeEventListener('keydown', onEscape)
  }, [busy, onStop])

  const send = (): void => {
    if (!sendable) return
    onSend({ text, ...(attachments.list.length > 0 && { attachments: attachments.list }) })
    setText('')
    attachments.clear()
    field.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    // While an input method composes, Enter picks a candidate; Safari says so only by the key code.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing || event.keyCode === 229) return
    event.preventDefault()
    // A key that is held down repeats: it may have been pressed on the button that stops.
    if (!event.repeat) send()
  }
  const onPaste = (event: ClipboardEvent): void => {
    const files = [...event.clipboardData.files]
    const pasted = event.clipboardData.getData('text/plain')
    // Word processors put a picture of the text beside the text.
    if (files.length > 0 && pasted === '') void attachments.addFiles(files)
    else if (pasted.length >= LONG_PASTE) attachments.addText(pasted)
    else return
    event.preventDefault()
    onDraft?.()
  }
  const onDrop = (event: DragEvent): void => {
    event.preventDefault()
    if (writable) void attachments.addFiles([...event.dataTransfer.files])
  }
  const stop = (): void => {
    onStop()
    field.current?.focus()
  }

  return (
    <div className="composer" role="group" aria-label="Your message">
      <AttachmentList list={attachments.list} onRemove={attachments.remove} />
      <div
        className="composer-box"
        data-blocked={blocked !== undefined}
        onDragOver={(event) => event.preventDefault()}
        onDrop={onDrop}
      >
        <input
          ref={chooser}
          type="file"
          hidden
          multiple
          data-testid="files"
          aria-label="Files to attach"
          onChange={(event) => {
            const { files } = event.currentTarget
            if (files) void attachments.addFiles([...files])
            // The same file can be chosen once more.
            event.currentTarget.value = ''
          }}
        />
        <button
          type="button"
          className="icon-button"
          aria-label="Attach text, PDF or images"
          title="Attach text, PDF or images"
          disabled={!writable || attachments.reading}
          onClick={() => chooser.current?.click()}
        >
          <AttachIcon />
        </button>
        <textarea
          ref={field}
          data-testid="composer"
          aria-label="Message"
          aria-describedby={reasonId}
          placeholder={writable ? 'Ask anything' : ''}
          rows={rowsOf(text)}
          aria-invalid={tooLong}
          value={text}
          disabled={!writable}
          autoComplete="off"
          enterKeyHint="send"
          onChange={(event) => {
            setText(event.currentTarget.value)
            onDraft?.()
          }}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
        {/*
          Two buttons, each in a place of its own, and no form that a button could submit. One button that changes from Stop to Send
          under the pointer sends the draft: by the same click, by the second one of a double click, or as the answer ends by itself.
        */}
        {busy && (
          <button
            type="button"
            className="round-button"
            data-testid="stop"
            aria-label="Stop the answer"
            title="Stop (Esc)"
            onClick={stop}
          >
            <StopIcon />
          </button>
        )}
        <button
          type="button"
          className="round-button"
          data-testid="send"
          aria-label="Send"
          disabled={!sendable}
          onClick={send}
        >
          <SendIcon />
        </button>
      </div>
      <p className="composer-reason" id={reasonId} data-blocked={blocked !== undefined || tooLong}>
        {blocked ??
          sentence ??
          (stored
            ? 'Encrypted to the verified service. Stored encrypted on this device, until you delete it.'
            : 'Encrypted to the verified service. Stored only in this page, and deleted when you close it.')}
      </p>
      <p className="composer-problem" role="status" data-testid="attachment-problem">
        {attachments.reading ? 'Reading the file…' : (attachments.problem ?? '')}
      </p>
      <p className="visually-hidden" role="status" data-testid="length">
        {tooLong ? sentence : ''}
      </p>
    </div>
  )
}
