import type { ReactElement } from 'react'
import { HistorySettings } from './history/history-settings.tsx'
import type { LibraryInUse } from './history/use-library.ts'
import { dropCopy, keepCopy } from './offline/copy.ts'
import SettingsDialog from './settings/settings-dialog.tsx'
import type { OfferedModels } from './settings/use-models.ts'

interface SettingsScreenProps {
  readonly inUse: LibraryInUse
  readonly ownModel: string | undefined
  readonly offered: OfferedModels
  readonly onClose: () => void
}

/** The settings with the history among them. */
export function SettingsScreen({ inUse, ...rest }: SettingsScreenProps): ReactElement {
  const { library, settings } = inUse
  const keep = async (on: boolean): Promise<void> => {
    if (on) await library.keep()
    else await library.erase()
    try {
      await (on ? keepCopy() : dropCopy())
    } catch {
      library.tell('This browser keeps no copy of the page: without a network, stored conversations cannot be read.')
    }
  }
  return (
    <SettingsDialog {...rest} settings={settings} onChange={(changed) => library.change(changed)}>
      <HistorySettings inUse={inUse} onKeep={(on) => void keep(on)} />
    </SettingsDialog>
  )
}
