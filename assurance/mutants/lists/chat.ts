import type { Mutant } from '../mutant.ts'

const composer = 'test/composer.test.tsx'
const conversation = 'test/conversation.test.ts'
const formatted = 'test/markdown/formatted.test.tsx'
const kept = 'test/kept.test.ts'
const library = 'test/history/library.test.ts'
const store = 'test/history/store.test.ts'

function changed(name: string, file: string, find: string, replace: string, ...tests: readonly string[]): Mutant {
  return { name, file, find, replace, tests }
}

/** In the order of a question: writing, stopping, sending, the answer, and what is shown of the proof. */
export const mutants: readonly Mutant[] = [
  changed(
    'Stop and Send are one button that changes',
    'chat/composer.tsx',
    'disabled={!sendable}\n          onClick={send}',
    'disabled={!sendable}\n          hidden={busy}\n          key={busy ? 0 : 1}\n          onClick={send}',
    composer,
  ),
  changed(
    'Stop sends the draft',
    'chat/composer.tsx',
    '    onStop()\n    field',
    '    onStop()\n    onSend(text)\n    field',
    composer,
  ),
  changed(
    'Stop loses the draft',
    'chat/composer.tsx',
    '    onStop()\n    field',
    "    onStop()\n    setText('')\n    field",
    composer,
  ),
  changed('a key that is held down sends', 'chat/composer.tsx', 'if (!event.repeat) send()', 'send()', composer),
  changed(
    'Enter sends while an input method composes',
    'chat/composer.tsx',
    ' || event.nativeEvent.isComposing',
    '',
    composer,
  ),
  changed(
    'a question is sent before the service is verified',
    'chat/composer.tsx',
    'const sendable = blocked === undefined && ',
    'const sendable = ',
    composer,
  ),
  changed('a question is sent during an answer', 'chat/composer.tsx', ' && !busy && ', ' && ', composer),
  changed(
    'suggestions are sent before the service is verified',
    'app.tsx',
    'const ready = verified ? model : undefined',
    "const ready = model ?? ({ openai: {}, name: '' } as unknown as Model)",
    'test/app.test.tsx',
  ),
  changed(
    'the Escape that closes a dialog stops the answer',
    'chat/composer.tsx',
    'each instanceof HTMLDialogElement && each.open',
    'each === document.body.lastChild && false',
    composer,
  ),
  changed('a text that is too long is sent', 'chat/composer.tsx', ' && !tooLong && ', ' && ', composer),
  changed(
    'a browser cuts pasted text',
    'chat/composer.tsx',
    'aria-invalid={tooLong}',
    'aria-invalid={tooLong}\n          maxLength={16_000}',
    composer,
  ),
  changed('the length is not told', 'chat/composer.tsx', '          sentence ??\n', '', composer),
  changed(
    'pasted text loses its first spaces',
    'chat/composer.tsx',
    'onSend({ text, ...',
    'onSend({ text: text.trim(), ...',
    composer,
  ),
  changed(
    'stopping does not abort the request',
    'conversation/conversation.ts',
    'this.#running?.abort()',
    'this.#running?.signal.throwIfAborted()',
    conversation,
  ),
  changed(
    'a stream without a finish reason is complete',
    'conversation/conversation.ts',
    'else if (finish === null)',
    "else if (finish === '')",
    conversation,
  ),
  changed(
    'a broken answer is repeated to the model',
    'conversation/messages.ts',
    "({ state, text }) => state !== 'incomplete' && text !== ''",
    "({ text }) => text !== ''",
    conversation,
  ),
  changed(
    'an edited question takes along what followed it',
    'conversation/conversation.ts',
    'this.#turns = before\n    await',
    'this.#turns = [...before, ...rest]\n    await',
    conversation,
  ),
  changed(
    'a branch is lost when another is shown',
    'conversation/conversation.ts',
    '{ paths: fork.paths.with(fork.at, place.rest), at: branch }',
    '{ paths: fork.paths, at: branch }',
    conversation,
  ),
  changed(
    'links of an answer reach the browser',
    'markdown/formatted.tsx',
    "return <OutwardLink address={String(token.attrGet('href') ?? '')}>{inner()}</OutwardLink>",
    "return <a href={String(token.attrGet('href') ?? '')}>{inner()}</a>",
    formatted,
  ),
  changed(
    'images of an answer are loaded',
    'markdown/formatted.tsx',
    "        <OutwardLink address={String(token.attrGet('src') ?? '')}>",
    "        <OutwardLink address=\"\"><img src={String(token.attrGet('src') ?? '')} />",
    formatted,
  ),
  changed(
    'a link opens without a question',
    'markdown/outward-link.tsx',
    'onClick={() => ask(address)}',
    "onClick={() => void (ask(address), window.open(address, '_blank'))}",
    formatted,
  ),
  changed('a formula may link', 'markdown/formula.tsx', 'trust: false', 'trust: true', formatted),
  changed(
    'a part of an answer is as long as the answer',
    'markdown/parts.ts',
    'const MOST = 16_000',
    'const MOST = 16_000_000',
    'test/markdown/parts.test.ts',
  ),
  changed(
    'a record of the history decrypts under another name',
    'history/store.ts',
    '`${NAME}/${version}/${id}`',
    'NAME',
    store,
  ),
  changed(
    'the key of the history can be exported',
    'history/store.ts',
    'length: 256 }, false,',
    'length: 256 }, true,',
    store,
  ),
  changed(
    'the key of the history is deleted last',
    'history/store.ts',
    "    await this.#db.delete('key', 'current')\n    await this.#db.clear('records')\n",
    "    await this.#db.clear('records')\n    await this.#db.delete('key', 'current')\n",
    store,
  ),
  changed(
    'a tab brings back what another one deleted',
    'history/store.ts',
    'current?.id === this.#id && !isDeleted',
    'current?.id === this.#id',
    store,
  ),
  changed(
    'a deleted conversation stays in the storage',
    'history/library.ts',
    'void this.#do(async () => this.#store?.remove(id))',
    'void this.#do(async () => this.#store?.read())',
    library,
  ),
  changed(
    'an image of an imported file may have any address',
    'history/read.ts',
    "typeof dataUrl !== 'string' || !IMAGE.test(dataUrl)",
    "typeof dataUrl !== 'string'",
    'test/history/file.test.ts',
  ),
  changed(
    'an image is attached for a model that reads none',
    'attachments/read-file.ts',
    'if (!(await takesImages()))',
    'if (!(await takesImages()) && name === null)',
    'test/attachments/read-file.test.ts',
  ),
  changed(
    'reasoning is sent to the model as its answer',
    'conversation/messages.ts',
    'content: answer.text }',
    "content: (answer.reasoning ?? '') + answer.text }",
    conversation,
  ),
  changed(
    'what nothing foresaw means that nothing was sent',
    'explain.ts',
    'return VERIFIER_LAYERS.has(layer) ? NOT_VERIFIED : UNKNOWN',
    'return NOT_VERIFIED',
    'test/explain.test.ts',
  ),
  changed(
    'an answer says that the verifier refused',
    'explain.ts',
    'said && OF_ANSWERS.test(said) ? said',
    'said ? said',
    'test/explain.test.ts',
  ),
  changed(
    'the check that is recommended takes the policy in the file',
    'proof/kept.ts',
    ' --policy ${POLICY_FILE}',
    '',
    kept,
  ),
  changed(
    'a simulated receipt is not called one',
    'proof/kept.ts',
    'const simulated = verdict.simulated\n',
    'const simulated = verdict.simulated === null\n',
    kept,
  ),
]
