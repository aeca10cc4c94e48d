import { useEffect, useRef, useState, type ReactElement } from 'react'
import { DownIcon } from '../ui/icons.tsx'
import { AnswerView } from './answer.tsx'
import type { Turn } from './conversation.ts'

interface TranscriptProps {
  readonly turns: readonly Turn[]
  readonly ready: boolean
  readonly onAgain: () => void
  readonly onVerify: () => void
}

/** How close to the end, in pixels, still counts as reading along. */
const AT_END = 48

export function Transcript({ turns, ready, onAgain, onVerify }: TranscriptProps): ReactElement {
  const scroller = useRef<HTMLDivElement>(null)
  const [following, setFollowing] = useState(true)
  const followingNow = useRef(true)

  const toEnd = (): void => scroller.current?.scrollTo({ top: scroller.current.scrollHeight })
  const onScroll = (): void => {
    const { scrollHeight = 0, scrollTop = 0, clientHeight = 0 } = scroller.current ?? {}
    followingNow.current = scrollHeight - scrollTop - clientHeight < AT_END
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
            <div className="question">
              <h2 className="visually-hidden">You asked</h2>
              <p>{turn.question}</p>
            </div>
            {turn.answers.map((answer, attempt) => (
              <AnswerView
                key={answer.id}
                answer={answer}
                latest={index === turns.length - 1 && attempt === turn.answers.length - 1}
                ready={ready}
                onAgain={onAgain}
                onVerify={onVerify}
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
