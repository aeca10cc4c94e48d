import { useEffect, useState, type ComponentProps, type ComponentType, type ReactElement } from 'react'
import type Conversations from './history/conversation-list.tsx'
import type { SettingsScreen } from './settings-screen.tsx'
import { loadPart, once } from './ui/load-part.ts'

/** Parts of the screen that the first load leaves out. */
export const ConversationList: ComponentType<ComponentProps<typeof Conversations>> = later(
  async () => (await import('./history/conversation-list.tsx')).default,
)
export const SettingsDialog: ComponentType<ComponentProps<typeof SettingsScreen>> = later(
  async () => (await import('./settings-screen.tsx')).SettingsScreen,
)

/** A component that loads what it shows, and says so where that fails. */
function later<Props extends { readonly onClose: () => void }>(
  load: () => Promise<ComponentType<Props>>,
): ComponentType<Props> {
  const part = once(async () => loadPart(load))
  return function Later(props: Props): ReactElement | null {
    const [state, setState] = useState<{ readonly Part?: ComponentType<Props>; readonly failed?: boolean }>({})
    useEffect(() => {
      let left = false
      part().then(
        (Part) => left || setState({ Part }),
        () => left || setState({ failed: true }),
      )
      return () => void (left = true)
    }, [])
    const { Part, failed } = state
    if (Part) return <Part {...props} />
    if (failed !== true) return null
    return (
      <p className="notice" role="alert">
        This part of the page could not be loaded. Check the network, or reload the page.
        <button type="button" className="button" onClick={props.onClose}>
          Close
        </button>
      </p>
    )
  }
}
