import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactElement } from 'react'
import { SendIcon, StopIcon } from '../ui/icons.tsx'
import { isEmpty, lengthOf } from '../conversation/question.ts'

interface ComposerProps {
  readonly busy: boolean
  /** Why nothing can be sent now, said beside the field. */
  readonly blocked: string | undefined
  /** Whether one may write already, e.g. while an earlier verification is being renewed. */
  readonly writable: boolean
  readonly onSend: (question: string) => void
  readonly onStop: () => void
}

/** Where the browser does not size the field by its content. */
const MAX_ROWS = 6

export function Composer({ busy, blocked, writable, onSend, onStop }: ComposerProps): ReactElement {
  const [text, setText] = useState('')
  const field = useRef<HTMLTextAreaElement>(null)
  const reasonId = useId()
  const { tooLong, sentence } = lengthOf(text)
  const sendable = blocked === undefined && !busy && !tooLong && !isEmpty(text)

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
    onSend(text)
    setText('')
    field.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    // While an input method composes, Enter picks a candidate; Safari says so only by the key code.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing || event.keyCode === 229) return
    event.preventDefault()
    // A key that is held down repeats: it may have been pressed on the button that stops.
    if (!event.repeat) send()
  }
  const stop = (): void => {
    onStop()
    field.current?.focus()
  }

  return (
    <div className="composer" role="group" aria-label="Your message">
      <div className="composer-box" data-blocked={blocked !== undefined}>
        <textarea
          ref={field}
          data-testid="composer"
          aria-label="Message"
          aria-describedby={reasonId}
          placeholder={writable ? 'Ask anything' : ''}
          rows={Math.min(text.split('\n').length, MAX_ROWS)}
          aria-invalid={tooLong}
          value={text}
          disabled={!writable}
          autoComplete="off"
          enterKeyHint="send"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
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
          'Encrypted to the verified service. Stored only in this page, and deleted when you close it.'}
      </p>
      <p className="visually-hidden" role="status">
        {tooLong ? sentence : ''}
      </p>
    </div>
  )
}
