import type { ReactElement } from 'react'
import { sizeOf, type Attachment } from '../attachments/attachment.ts'
import { CloseIcon } from '../ui/icons.tsx'

interface AttachmentListProps {
  readonly list: readonly Attachment[]
  /** Absent where the question has been sent. */
  readonly onRemove?: (id: string) => void
}

/** What is attached to a question. Images are shown from their own bytes. */
export function AttachmentList({ list, onRemove }: AttachmentListProps): ReactElement | null {
  if (list.length === 0) return null
  return (
    <ul className="attachments" aria-label="Attachments">
      {list.map((each) => (
        <li className="attachment" data-testid="attachment" key={each.id}>
          {each.kind === 'image' && <img src={each.dataUrl} alt="" />}
          <span className="attachment-name">{each.name}</span>
          <span className="attachment-size">{measureOf(each)}</span>
          {onRemove && (
            <button
              type="button"
              className="icon-button"
              aria-label={`Remove ${each.name}`}
              title="Remove"
              onClick={() => onRemove(each.id)}
            >
              <CloseIcon />
            </button>
          )}
        </li>
      ))}
    </ul>
  )
}

const number = new Intl.NumberFormat('en', { notation: 'compact' })

function measureOf(attachment: Attachment): string {
  if (attachment.kind === 'image') return `${number.format(sizeOf(attachment) * 0.75)} bytes`
  const { text, pages } = attachment
  return `${number.format(text.length)} characters${pages === undefined ? '' : `, ${pages} ${pages === 1 ? 'page' : 'pages'}`}`
}
