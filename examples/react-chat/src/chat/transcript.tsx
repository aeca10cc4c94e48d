import { useEffect, useRef, useState, type ReactElement } from 'react'
import { DownIcon } from '../ui/icons.tsx'
import { AnswerView } from './answer.tsx'
import type { Branches, Turn } from '../conversation/turns.ts'
import { QuestionView } from './question-view.tsx'

interface TranscriptProps {
  readonly turns: readonly Turn[]
  readonly ready: boolean
  /** Whether an answer is under way. */
  readonly busy: boolean
  readonly branchesOf: (turnId: string) => Branches
  readonly onEdit: (turnId: string, question: string) => void
  readonly onShow: (turnId: string, branch: number) => void
  readonly onAgain: () => void
  readonly onVerify: () => void
}

/** How close to the end, in pixels, still counts as reading along. */
const AT_END = 48

export function Transcript({
  turns,
  ready,
  busy,
  branchesOf,
  onEdit,
  onShow,
  ...actions
}: TranscriptProps): ReactElement {
  const scroller = useRef<HTMLDivElement>(null)
  const [following, setFollowing] = useState(true)
  const followingNow = useRef(true)
  const lastTop = useRef(0)

  const toEnd = (): void => scroller.current?.scrollTo({ top: scroller.current.scrollHeight })
  const onScroll = (): void => {
    const { scrollHeight = 0, scrollTop = 0, clientHeight = 0 } = scroller.current ?? {}
    const isAtEnd = scrollHeight - scrollTop - clientHeight < AT_END
    // The event comes a frame late, and an error may have appeared meanwhile: only a reader who moved up has left the end.
    if (isAtEnd || scrollTop < lastTop.current) followingNow.current = isAtEnd
    lastTop.current = scrollTop
    setFollowing(followingNow.current)
  }
  // A reader who scrolled up stays there; a new question brings them back.
  useEffect(() => {
    followingNow.current = true
    toEnd()
  }, [turns.length])
  // The end moves with every word, and when something appears under the transcript.
  useEffect(() => {
    const follow = new ResizeObserver(() => followingNow.current && toEnd())
    for (const element of [scroller.current, scroller.current?.firstElementChild]) if (element) follow.observe(element)
    return () => follow.disconnect()
  }, [])

  return (
    <div className="transcript" ref={scroller} onScroll={onScroll} tabIndex={-1}>
      <div
        className="transcript-column"
        role="log"
        aria-label="Conversation"
        aria-live="polite"
        aria-relevant="additions text"
      >
        {turns.map((turn, index) => (
          <article className="turn" key={turn.id} aria-label={`Question ${index + 1}`}>
            <QuestionView
              question={turn.question}
              attachments={turn.attachments}
              ready={ready && !busy}
              branches={branchesOf(turn.id)}
              onEdit={(question) => onEdit(turn.id, question)}
              onShow={(branch) => onShow(turn.id, branch)}
            />
            {turn.answers.map((answer, attempt) => (
              <AnswerView
                key={answer.id}
                answer={answer}
                latest={index === turns.length - 1 && attempt === turn.answers.length - 1}
                ready={ready}
                {...actions}
              />
            ))}
          </article>
        ))}
      </div>
      {!following && (
        <button type="button" className="icon-button to-end" aria-label="Go to the latest message" onClick={toEnd}>
          <DownIcon />
        </button>
      )}
    </div>
  )
}
