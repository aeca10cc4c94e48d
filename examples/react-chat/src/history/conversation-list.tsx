import { useMemo, useState, type ReactElement } from 'react'
import { CloseIcon, DeleteIcon, NewChatIcon } from '../ui/icons.tsx'
import { matches } from './entry.ts'
import type { LibraryInUse } from './use-library.ts'

interface ConversationListProps {
  readonly inUse: LibraryInUse
  /** Takes the list away; also after a choice where it covers the conversation. */
  readonly onClose: () => void
}

/** Every conversation, with a search in all that was said. */
export default function ConversationList({ inUse, onClose }: ConversationListProps): ReactElement {
  const { library, entries, current, history } = inUse
  const [query, setQuery] = useState('')
  const found = useMemo(() => entries.filter((entry) => matches(entry, query)), [entries, query])
  const choose = (act: () => void): void => {
    act()
    if (!matchMedia('(min-width: 60rem)').matches) onClose()
  }
  return (
    <nav
      className="side"
      aria-label="Conversations"
      data-testid="conversations"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        // Escape elsewhere stops an answer.
        event.preventDefault()
        onClose()
      }}
    >
      <div className="side-head">
        <h2>Conversations</h2>
        <button
          type="button"
          className="icon-button"
          aria-label="Close the list"
          title="Close the list"
          onClick={onClose}
        >
          <CloseIcon />
        </button>
      </div>
      <button type="button" className="button" data-testid="new-chat" onClick={() => choose(() => library.begin())}>
        <NewChatIcon /> New chat
      </button>
      <input
        type="search"
        className="field"
        aria-label="Search in all conversations"
        placeholder="Search"
        data-testid="search"
        value={query}
        onChange={(event) => setQuery(event.currentTarget.value)}
      />
      <p className="visually-hidden" role="status">
        {query.trim() === '' ? '' : `${found.length} found`}
      </p>
      {found.length === 0 ? (
        <p className="side-empty">{query.trim() === '' ? 'Nothing was asked yet.' : 'Nothing was found.'}</p>
      ) : (
        <ul className="entries">
          {found.map(({ id, title }) => (
            <li className="entry" data-testid="entry" key={id}>
              <button
                type="button"
                className="entry-open"
                aria-current={id === current.id}
                onClick={() => choose(() => library.open(id))}
              >
                {title}
              </button>
              <button
                type="button"
                className="icon-button"
                aria-label={`Delete “${title}”`}
                title="Delete"
                onClick={() => library.remove(id)}
              >
                <DeleteIcon />
              </button>
            </li>
          ))}
        </ul>
      )}
      <p className="side-note">
        {history === 'on'
          ? 'Stored encrypted on this device.'
          : 'In this page only, and gone when you close it. The settings can keep them on this device.'}
      </p>
    </nav>
  )
}
