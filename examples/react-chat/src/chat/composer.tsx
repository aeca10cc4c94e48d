import { useEffect, useId, useRef, useState, type FormEvent, type KeyboardEvent, type ReactElement } from 'react'
import { SendIcon, StopIcon } from '../ui/icons.tsx'

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
  const sendable = blocked === undefined && !busy && text.trim() !== ''

  // What had the focus may be gone: a suggestion once it is asked, the button that asks again. A touch screen is left alone,
  // where focus would raise the keyboard over the answer.
  useEffect(() => {
    const lost = document.activeElement === document.body
    if (writable && lost && matchMedia('(pointer: fine)').matches) field.current?.focus()
  }, [writable, busy])

  const send = (): void => {
    if (!sendable) return
    onSend(text.trim())
    setText('')
    field.current?.focus()
  }
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault()
    send()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    // While an input method composes, Enter picks a candidate; Safari says so only by the key code.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing || event.keyCode === 229) return
    event.preventDefault()
    send()
  }
  const stop = (): void => {
    onStop()
    field.current?.focus()
  }

  return (
    <form className="composer" onSubmit={onSubmit}>
      <div className="composer-box" data-blocked={blocked !== undefined}>
        <textarea
          ref={field}
          data-testid="composer"
          aria-label="Message"
          aria-describedby={reasonId}
          placeholder={writable ? 'Ask anything' : ''}
          rows={Math.min(text.split('\n').length, MAX_ROWS)}
          maxLength={16_000}
          value={text}
          disabled={!writable}
          autoComplete="off"
          enterKeyHint="send"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        {busy ? (
          <button type="button" className="round-button" data-testid="stop" aria-label="Stop the answer" onClick={stop}>
            <StopIcon />
          </button>
        ) : (
          <button type="submit" className="round-button" data-testid="send" aria-label="Send" disabled={!sendable}>
            <SendIcon />
          </button>
        )}
      </div>
      <p className="composer-reason" id={reasonId} data-blocked={blocked !== undefined}>
        {blocked ?? 'Encrypted to the verified service. Kept in this page only, and gone when you close it.'}
      </p>
    </form>
  )
}
