import { isPassing } from '@blindllama/ui'
import { BlindLlamaBadge, BlindLlamaRefusal, BlindLlamaVerification, useProof } from '@blindllama/ui/react'
import { BlindLlamaProvider, useBlindLlama, type UseBlindLlamaOptions } from '@blindllama/web-sdk/react'
import OpenAI from 'openai'
import { useMemo, type ReactElement } from 'react'
import { Composer } from './chat/composer.tsx'
import type { Model } from './conversation/conversation.ts'
import { keepErrors } from './conversation/keep-errors.ts'
import { Transcript } from './chat/transcript.tsx'
import { useConversation } from './conversation/use-conversation.ts'
import { Welcome } from './chat/welcome.tsx'
import { Banners } from './proof/banners.tsx'
import { kept } from './proof/kept.ts'
import { PolicyOfPage } from './proof/policy-of-page.ts'
import { useStaging, type Staging, type StagingState } from './staging.ts'
import { Llama, NewChatIcon } from './ui/icons.tsx'

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
        <Chat {...state} />
      </PolicyOfPage>
    </BlindLlamaProvider>
  )
}

function Chat({ staging, problem }: StagingState): ReactElement {
  const service = useBlindLlama()
  const proof = useProof()
  const { conversation, turns } = useConversation()

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
  // By the status, and not by whether there is a `fetch`: nothing is asked before the service is verified, by the client and by the badge.
  const verified = service.status === 'ready' && proof !== undefined && isPassing(proof.state.status)
  const refused = service.status === 'error' || proof?.state.status === 'refused'
  const ready = verified ? model : undefined
  const ask = (question: string): void => void (ready && conversation.ask(question, ready))
  const again = (): void => void (ready && conversation.again(ready))
  const renewing = service.status === 'attesting' && service.verification?.result === 'pass'

  return (
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
        <BlindLlamaBadge data-testid="badge" for={PANEL} />
      </header>
      {service.status === 'ready' && <Banners verdict={service.verification} />}
      <main className="main">
        {turns.length === 0 ? (
          <Welcome ready={ready !== undefined} refused={refused} onAsk={ask} />
        ) : (
          <Transcript
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
        <Composer
          busy={busy}
          blocked={problem ?? blockedReason(verified, refused)}
          writable={verified || renewing}
          onSend={ask}
          onStop={() => conversation.stop()}
        />
      </main>
      <BlindLlamaVerification id={PANEL} dialog measured={staging?.measured} />
    </div>
  )
}

function blockedReason(verified: boolean, refused: boolean): string | undefined {
  if (verified) return undefined
  if (refused) return 'Nothing can be sent until the service is verified.'
  return 'You can write as soon as the service is verified.'
}
