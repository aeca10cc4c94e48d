import { useEffect, useId, useRef, useState, type ReactElement, type ReactNode } from 'react'
import type { OfferedModels } from './use-models.ts'
import { LONGEST_INSTRUCTIONS, readMaxTokens, readTemperature, type Settings } from './settings.ts'

interface SettingsDialogProps {
  readonly settings: Settings
  /** The model that the page was published for. */
  readonly ownModel: string | undefined
  readonly offered: OfferedModels
  readonly onChange: (settings: Settings) => void
  readonly onClose: () => void
  /** Further groups. */
  readonly children: ReactNode
}

/** What a person can choose. A change counts with the next question. */
export default function SettingsDialog(props: SettingsDialogProps): ReactElement {
  const { settings, offered, onChange, onClose, children } = props
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const { load } = offered
  // Also once the service is verified, where the dialog was opened before.
  useEffect(() => void load(), [load])
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="settings-title" data-testid="settings" onClose={onClose}>
      <h2 id="settings-title">Settings</h2>
      <fieldset className="group">
        <legend>Model</legend>
        <ModelChoice {...props} />
        <label className="labelled">
          Instructions, sent before the conversation
          <textarea
            className="field"
            rows={3}
            maxLength={LONGEST_INSTRUCTIONS}
            data-testid="instructions"
            value={settings.instructions}
            onChange={(event) => onChange({ ...settings, instructions: event.currentTarget.value })}
          />
        </label>
        <NumberField
          label="Temperature, from 0 (most likely words) to 2"
          testId="temperature"
          value={settings.temperature}
          read={readTemperature}
          onChange={(temperature) => onChange({ ...settings, temperature })}
        />
        <NumberField
          label="Most tokens of an answer"
          testId="max-tokens"
          value={settings.maxTokens}
          read={readMaxTokens}
          onChange={(maxTokens) => onChange({ ...settings, maxTokens })}
        />
        <label className="choice">
          <input
            type="checkbox"
            data-testid="reads-images"
            checked={settings.readsImages}
            onChange={(event) => onChange({ ...settings, readsImages: event.currentTarget.checked })}
          />
          <span>
            This model reads images
            <small>For services that do not say so themselves. A model without images refuses the question.</small>
          </span>
        </label>
      </fieldset>
      {children}
      <div className="dialog-foot">
        <button type="button" className="button" data-testid="settings-close" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  )
}

function ModelChoice({ settings, ownModel, offered, onChange }: SettingsDialogProps): ReactElement {
  const { models, problem } = offered
  const names = new Set([ownModel, settings.model, ...models.map(({ id }) => id)].filter((name) => name !== undefined))
  return (
    <label className="labelled">
      Model
      <select
        className="field"
        data-testid="model"
        value={settings.model ?? ownModel}
        onChange={(event) => {
          const { value } = event.currentTarget
          onChange({ ...settings, model: value === ownModel ? undefined : value })
        }}
      >
        {[...names].map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
      <small role="status">{problem ?? 'The names are those of the service. They are not part of the proof.'}</small>
    </label>
  )
}

interface NumberFieldProps {
  readonly label: string
  readonly testId: string
  readonly value: number | undefined
  readonly read: (text: string) => { readonly value: number | undefined; readonly problem?: string }
  readonly onChange: (value: number | undefined) => void
}

function NumberField({ label, testId, value, read, onChange }: NumberFieldProps): ReactElement {
  const [text, setText] = useState(value === undefined ? '' : String(value))
  const { problem } = read(text)
  const id = useId()
  return (
    <label className="labelled">
      {label}
      <input
        className="field"
        inputMode="decimal"
        placeholder="the model’s own"
        data-testid={testId}
        aria-invalid={problem !== undefined}
        aria-describedby={id}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value)
          onChange(read(event.currentTarget.value).value)
        }}
      />
      <small role="status" id={id}>
        {problem ?? ''}
      </small>
    </label>
  )
}
