import { useBlindLlama, type UseBlindLlamaOptions } from '@blindllama/web-sdk/react'
import OpenAI from 'openai'
import { useCallback, useMemo, useState, type ReactElement } from 'react'
import { Composer } from './chat/composer.tsx'
import type { Model } from './chat/conversation.ts'
import { keepErrors } from './chat/keep-errors.ts'
import { Transcript } from './chat/transcript.tsx'
import { useConversation } from './chat/use-conversation.ts'
import { Welcome } from './chat/welcome.tsx'
import { Badge } from './proof/badge.tsx'
import { Banners } from './proof/banners.tsx'
import { kept } from './proof/kept.ts'
import { Panel } from './proof/panel.tsx'
import { PolicyOfPage } from './proof/policy-of-page.ts'
import { Refusal } from './proof/refusal.tsx'
import { useStaging, type Staging } from './staging.ts'
import { Llama, NewChatIcon } from './ui/icons.tsx'

/** The staging's TPM is simulated, and this page says so in a banner; `?simulated=refuse` shows what a page without the opt-in does. */
const ALLOW_SIMULATED = new URLSearchParams(location.search).get('simulated') !== 'refuse'

function serviceOptions({ url, policy }: Staging): UseBlindLlamaOptions {
  return { url, policy, receipts: kept, dangerouslyAllowSimulated: ALLOW_SIMULATED }
}

export function App(): ReactElement {
  const { staging, problem } = useStaging()
  const service = useBlindLlama(staging && serviceOptions(staging))
  const { conversation, turns } = useConversation()
  const [panelOpen, setPanelOpen] = useState(false)
  const openPanel = useCallback(() => setPanelOpen(true), [])
  const closePanel = useCallback(() => setPanelOpen(false), [])

  const model = useMemo((): Model | undefined => {
    if (staging === undefined) return undefined
    const openai = new OpenAI({
      baseURL: `${staging.url}v1`,
      // The staging's model asks for none. One that does gets it inside the encryption, like everything else.
      apiKey: 'not-needed',
      dangerouslyAllowBrowser: true,
      fetch: keepErrors(service.fetch),
      // The SDK asks once more where the gateway is gone. Beyond that the person decides: a question may have been run.
      maxRetries: 0,
      logLevel: 'off',
    })
    return { openai, name: staging.model }
  }, [staging, service.fetch])

  const busy = turns.at(-1)?.answers.at(-1)?.state === 'streaming'
  // By the status, and not by whether there is a `fetch`: nothing is asked before the service is verified.
  const ready = service.status === 'ready' ? model : undefined
  const ask = (question: string): void => void (ready && conversation.ask(question, ready))
  const again = (): void => void (ready && conversation.again(ready))
  const renewing = service.status === 'attesting' && service.verification?.result === 'pass'

  return (
    <PolicyOfPage value={staging?.policy}>
      <div className="app">
        <header className="top">
          <div className="brand">
            <Llama />
            <h1 className="brand-name">BlindLlama</h1>
            {staging && (
              <span className="brand-model" title="What this page calls the model. The name is not part of the proof.">
                {staging.model}
              </span>
            )}
          </div>
          {turns.length > 0 && (
            <button
              type="button"
              className="icon-button"
              aria-label="New chat"
              title="New chat"
              onClick={() => conversation.clear()}
            >
              <NewChatIcon />
            </button>
          )}
          <Badge state={service} sentBefore={turns.length > 0} onOpen={openPanel} />
        </header>
        {service.status === 'ready' && <Banners verdict={service.verification} />}
        <main className="main">
          {turns.length === 0 ? (
            <Welcome ready={ready !== undefined} refused={service.status === 'error'} onAsk={ask} />
          ) : (
            <Transcript turns={turns} ready={ready !== undefined} onAgain={again} onVerify={service.retry} />
          )}
          {service.status === 'error' && (
            <Refusal
              error={service.error}
              sentBefore={turns.length > 0}
              onDetails={openPanel}
              onRetry={service.retry}
            />
          )}
          <Composer
            busy={busy}
            blocked={problem ?? blockedReason(service.status)}
            writable={service.status === 'ready' || renewing}
            onSend={ask}
            onStop={() => conversation.stop()}
          />
        </main>
        <Panel open={panelOpen} onClose={closePanel} state={service} retry={service.retry} staging={staging} />
      </div>
    </PolicyOfPage>
  )
}

function blockedReason(status: ReturnType<typeof useBlindLlama>['status']): string | undefined {
  if (status === 'ready') return undefined
  if (status === 'error') return 'Nothing can be sent until the service is verified.'
  return 'You can write as soon as the service is verified.'
}
