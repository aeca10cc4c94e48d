import type { ReactElement, ReactNode } from 'react'
import { ListIcon, Llama, NewChatIcon, SettingsIcon } from '../ui/icons.tsx'

interface TopBarProps {
  readonly model: string | undefined
  readonly listOpen: boolean
  readonly onList: () => void
  readonly onSettings: () => void
  /** Absent while the conversation is empty. */
  readonly onNew: (() => void) | undefined
  /** The badge of the proof. */
  readonly children: ReactNode
}

export function TopBar({ model, listOpen, onList, onSettings, onNew, children }: TopBarProps): ReactElement {
  return (
    <header className="top">
      <button
        type="button"
        className="icon-button"
        data-testid="open-conversations"
        aria-label="Conversations"
        title="Conversations"
        aria-expanded={listOpen}
        onClick={onList}
      >
        <ListIcon />
      </button>
      <div className="brand">
        <Llama />
        <h1 className="brand-name">BlindLlama</h1>
        {model !== undefined && (
          <span className="brand-model" title="What the service calls the model. The name is not part of the proof.">
            {model}
          </span>
        )}
      </div>
      {onNew && (
        <button type="button" className="icon-button" aria-label="New chat" title="New chat" onClick={onNew}>
          <NewChatIcon />
        </button>
      )}
      <button
        type="button"
        className="icon-button"
        data-testid="open-settings"
        aria-label="Settings"
        title="Settings"
        onClick={onSettings}
      >
        <SettingsIcon />
      </button>
      {children}
    </header>
  )
}
