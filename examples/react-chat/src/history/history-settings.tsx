import { useRef, useState, type ReactElement } from 'react'
import { download } from '../ui/download.ts'
import { storedOf } from './entry.ts'
import { historyFile, readHistoryFile } from './file.ts'
import { UnreadableHistory } from './read.ts'
import type { LibraryInUse } from './use-library.ts'

interface HistorySettingsProps {
  readonly inUse: LibraryInUse
  /** Turns the history on or off, with the copy of the page for use without a network. */
  readonly onKeep: (on: boolean) => void
}

/** Whether conversations are kept, and the file of them. */
export function HistorySettings({ inUse, onKeep }: HistorySettingsProps): ReactElement {
  const { library, entries, history } = inUse
  const [said, setSaid] = useState('')
  const [asking, setAsking] = useState(false)
  const chooser = useRef<HTMLInputElement>(null)
  const on = history === 'on'
  const toggle = (): void => {
    if (on) setAsking(true)
    else onKeep(true)
  }
  const read = async (file: File): Promise<void> => {
    try {
      const conversations = await readHistoryFile(file)
      library.add(conversations)
      setSaid(
        `${conversations.length} ${conversations.length === 1 ? 'conversation was' : 'conversations were'} imported.`,
      )
    } catch (error) {
      setSaid(error instanceof UnreadableHistory ? error.message : 'The file could not be read. Nothing was imported.')
    }
  }
  return (
    <fieldset className="group">
      <legend>History</legend>
      <label className="choice">
        <input type="checkbox" role="switch" data-testid="keep-history" checked={on} onChange={toggle} />
        <span>
          Keep conversations on this device
          <small>
            Other web pages cannot read them. Software that runs under your account can, and so can whoever copies the
            profile of this browser: the key is stored in it beside the encrypted conversations. Also keeps a copy of
            this page, so that you can read without a network.
          </small>
        </span>
      </label>
      {asking && (
        <div className="asked" role="alertdialog" aria-label="Delete the history">
          <p>
            This deletes the key and every conversation that this page stored in this browser. Export them first if you
            need them. Their bytes can be recovered from the disk until the browser and the disk overwrite them.
          </p>
          <div className="dialog-foot">
            <button type="button" className="button" onClick={() => setAsking(false)}>
              Keep them
            </button>
            <button
              type="button"
              className="button"
              data-testid="erase"
              onClick={() => {
                setAsking(false)
                onKeep(false)
              }}
            >
              Delete the history
            </button>
          </div>
        </div>
      )}
      <div className="dialog-foot">
        <button
          type="button"
          className="button"
          data-testid="export"
          disabled={entries.length === 0}
          onClick={() => download(historyFile(entries.map(storedOf)), 'blindllama-conversations.json')}
        >
          Export (not encrypted)
        </button>
        <button type="button" className="button" onClick={() => chooser.current?.click()}>
          Import
        </button>
        <input
          ref={chooser}
          type="file"
          accept="application/json,.json"
          hidden
          data-testid="import"
          aria-label="File to import"
          onChange={(event) => {
            const [file] = event.currentTarget.files ?? []
            if (file) void read(file)
            event.currentTarget.value = ''
          }}
        />
      </div>
      <p role="status" data-testid="import-outcome">
        {said}
      </p>
    </fieldset>
  )
}
