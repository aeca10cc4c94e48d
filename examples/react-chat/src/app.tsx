import { isPassing } from '@blindllama/ui'
import { BlindLlamaBadge, BlindLlamaRefusal, BlindLlamaVerification, useProof } from '@blindllama/ui/react'
import { BlindLlamaProvider, useBlindLlama, type UseBlindLlamaOptions } from '@blindllama/web-sdk/react'
import { useCallback, useState, type ReactElement } from 'react'
import { Composer } from './chat/composer.tsx'
import { Notices } from './chat/notices.tsx'
import { TopBar } from './chat/top-bar.tsx'
import { Transcript } from './chat/transcript.tsx'
import { useClient, useModel } from './chat/use-model.ts'
import { Welcome } from './chat/welcome.tsx'
import type { Question } from './conversation/conversation.ts'
import { useLibrary } from './history/use-library.ts'
import { AskBeforeLeaving } from './markdown/outward-link.tsx'
import { loadMarkdown } from './markdown/prose.tsx'
import { Banners } from './proof/banners.tsx'
import { kept } from './proof/kept.ts'
import { PolicyOfPage } from './proof/policy-of-page.ts'
import { Release } from './proof/release.tsx'
import { useNetworkReturn } from './proof/use-network-return.ts'
import { useModels } from './settings/use-models.ts'
import { useStaging, type Staging, type StagingState } from './staging.ts'
import { ConversationList, SettingsDialog } from './parts.tsx'

/** The staging's TPM is simulated, and this page says so in a banner; `?simulated=refuse` shows what a page without the opt-in does. */
const ALLOW_SIMULATED = new URLSearchParams(location.search).get('simulated') !== 'refuse'

function serviceOptions({ url, policy }: Staging): UseBlindLlamaOptions {
  return { url, policy, receipts: kept, dangerouslyAllowSimulated: ALLOW_SIMULATED }
}

/** Id of the panel, which badge and refusal open. */
const PANEL = 'proof'

export function App(): ReactElement {
  const state = useStaging()
  const { staging } = state
  return (
    <BlindLlamaProvider options={staging && serviceOptions(staging)}>
      <PolicyOfPage value={staging?.policy}>
        <AskBeforeLeaving>
          <Chat {...state} />
        </AskBeforeLeaving>
      </PolicyOfPage>
    </BlindLlamaProvider>
  )
}

function Chat({ staging, problem }: StagingState): ReactElement {
  const service = useBlindLlama()
  useNetworkReturn(service)
  const proof = useProof()
  const inUse = useLibrary()
  const { library, current, turns, settings, history } = inUse
  const [shown, setShown] = useState({ list: false, settings: false })
  const client = useClient(staging, service.fetch)
  const model = useModel(client, staging?.model, settings)

  const busy = turns.at(-1)?.answers.at(-1)?.state === 'streaming'
  // By the status, and not by whether there is a `fetch`: nothing is asked before the service is verified, by the client and by the badge.
  const verified = service.status === 'ready' && proof !== undefined && isPassing(proof.state.status)
  const refused = service.status === 'error' || proof?.state.status === 'refused'
  const ready = verified ? model : undefined
  const offered = useModels(verified ? client : undefined)
  const { conversation } = current
  const ask = (question: Question): void => void (ready && conversation.ask(question, ready))
  const again = (): void => void (ready && conversation.again(ready))
  const renewing = service.status === 'attesting' && service.verification?.result === 'pass'

  const name = model?.name
  const takesImages = useCallback(async (): Promise<boolean> => {
    if (settings.readsImages) return true
    const models = await offered.load()
    return models.some(({ id, readsImages }) => id === name && readsImages === true)
  }, [settings.readsImages, offered, name])
  const prepare = (): void => {
    // What fails here is told when the question is sent.
    client?.().catch(() => {})
    loadMarkdown().catch(() => {})
  }

  return (
    <div className="app">
      <TopBar
        model={name}
        listOpen={shown.list}
        onList={() => setShown({ ...shown, list: !shown.list })}
        onSettings={() => setShown({ ...shown, settings: true })}
        onNew={turns.length > 0 ? () => library.begin() : undefined}
      >
        <BlindLlamaBadge data-testid="badge" for={PANEL} />
      </TopBar>
      {service.status === 'ready' && <Banners verdict={service.verification} />}
      {service.status === 'ready' && staging && <Release verdict={service.verification} policy={staging.policy} />}
      <div className="middle">
        {shown.list && <ConversationList inUse={inUse} onClose={() => setShown({ ...shown, list: false })} />}
        <main className="main">
          {turns.length === 0 ? (
            <Welcome ready={ready !== undefined} refused={refused} onAsk={(text) => ask({ text })} />
          ) : (
            <Transcript
              key={current.id}
              turns={turns}
              ready={ready !== undefined}
              busy={busy}
              branchesOf={(turnId) => conversation.branches(turnId)}
              onEdit={(turnId, question) => void (ready && conversation.edit(turnId, question, ready))}
              onShow={(turnId, branch) => conversation.show(turnId, branch)}
              onAgain={again}
              onVerify={service.retry}
            />
          )}
          <BlindLlamaRefusal className="refusal" data-testid="error" for={PANEL} />
          <Notices inUse={inUse} />
          <Composer
            busy={busy}
            blocked={problem ?? blockedReason(verified, refused)}
            writable={verified || renewing}
            stored={history === 'on'}
            takesImages={takesImages}
            onSend={ask}
            onStop={() => conversation.stop()}
            onDraft={prepare}
          />
        </main>
      </div>
      {shown.settings && (
        <SettingsDialog
          inUse={inUse}
          ownModel={staging?.model}
          offered={offered}
          onClose={() => setShown({ ...shown, settings: false })}
        />
      )}
      <BlindLlamaVerification id={PANEL} dialog measured={staging?.measured} />
    </div>
  )
}

function blockedReason(verified: boolean, refused: boolean): string | undefined {
  if (verified) return undefined
  if (refused) return 'Nothing can be sent until the service is verified.'
  return 'You can write as soon as the service is verified.'
}
