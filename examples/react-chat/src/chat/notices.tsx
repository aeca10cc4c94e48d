import type { ReactElement } from 'react'
import type { LibraryInUse } from '../history/use-library.ts'
import { CloseIcon } from '../ui/icons.tsx'

/** What the storage has to say, and the way back from a deletion. */
export function Notices({ inUse }: { readonly inUse: LibraryInUse }): ReactElement {
  const { library, removed, notice } = inUse
  return (
    <div className="notices" role="status">
      {notice !== undefined && (
        <p className="notice" data-testid="notice">
          {notice}
        </p>
      )}
      {removed && (
        <p className="notice" data-testid="removed">
          Deleted: “{removed.title}”
          <button type="button" className="button" data-testid="undo" onClick={() => library.undo()}>
            Undo
          </button>
        </p>
      )}
      {(removed ?? notice) !== undefined && (
        <button
          type="button"
          className="icon-button"
          aria-label="Dismiss"
          title="Dismiss"
          onClick={() => library.dismiss()}
        >
          <CloseIcon />
        </button>
      )}
    </div>
  )
}
