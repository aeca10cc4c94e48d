import { useEffect, useRef, useState, type KeyboardEvent, type ReactElement } from 'react'
import type { Attachment } from '../attachments/attachment.ts'
import { EditIcon } from '../ui/icons.tsx'
import { AttachmentList } from './attachment-list.tsx'
import type { Branches } from '../conversation/turns.ts'
import { isEmpty, lengthOf } from '../conversation/question.ts'

export interface QuestionActions {
  /** Whether something can be asked now. */
  readonly ready: boolean
  readonly branches: Branches
  readonly onEdit: (question: string) => void
  readonly onShow: (branch: number) => void
}

interface QuestionViewProps extends QuestionActions {
  readonly question: string
  readonly attachments?: readonly Attachment[] | undefined
}

/** A question, which can be asked in another way: what followed it stays as a branch. */
export function QuestionView({ question, attachments = [], ...actions }: QuestionViewProps): ReactElement {
  const { ready, branches, onEdit, onShow } = actions
  const [editing, setEditing] = useState(false)
  if (editing)
    return (
      <QuestionEditor
        question={question}
        ready={ready}
        onCancel={() => setEditing(false)}
        onSend={(changed) => {
          setEditing(false)
          onEdit(changed)
        }}
      />
    )
  return (
    <div className="question-row">
      <div className="question">
        <h2 className="visually-hidden">You asked</h2>
        <AttachmentList list={attachments} />
        {question !== '' && <p>{question}</p>}
      </div>
      <div className="question-foot">
        {branches.count > 1 && <BranchSwitch branches={branches} onShow={onShow} />}
        <button
          type="button"
          className="icon-button"
          aria-label="Edit the question"
          title="Edit the question"
          disabled={!ready}
          onClick={() => setEditing(true)}
        >
          <EditIcon />
        </button>
      </div>
    </div>
  )
}

interface BranchSwitchProps {
  readonly branches: Branches
  readonly onShow: (branch: number) => void
}

function BranchSwitch({ branches: { at, count }, onShow }: BranchSwitchProps): ReactElement {
  return (
    <span className="branches" role="group" aria-label="Branches of this question">
      <button
        type="button"
        className="icon-button"
        aria-label="Previous branch"
        disabled={at === 0}
        onClick={() => onShow(at - 1)}
      >
        ‹
      </button>
      <span aria-live="polite">{`${at + 1} of ${count}`}</span>
      <button
        type="button"
        className="icon-button"
        aria-label="Next branch"
        disabled={at === count - 1}
        onClick={() => onShow(at + 1)}
      >
        ›
      </button>
    </span>
  )
}

interface QuestionEditorProps {
  readonly question: string
  readonly ready: boolean
  readonly onCancel: () => void
  readonly onSend: (question: string) => void
}

function QuestionEditor({ question, ready, onCancel, onSend }: QuestionEditorProps): ReactElement {
  const [text, setText] = useState(question)
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => field.current?.focus(), [])
  const { tooLong, sentence } = lengthOf(text)
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && !event.nativeEvent.isComposing) onCancel()
  }
  return (
    <div className="question-editor" role="group" aria-label="Edit the question">
      <textarea
        ref={field}
        aria-label="Question"
        aria-invalid={tooLong}
        rows={3}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {sentence !== undefined && <p role="status">{sentence}</p>}
      <div className="question-foot">
        <button type="button" className="button" onClick={onCancel}>
          Cancel
        </button>
        <button
          type="button"
          className="button"
          disabled={!ready || tooLong || isEmpty(text)}
          onClick={() => onSend(text)}
        >
          Ask this
        </button>
      </div>
    </div>
  )
}
