import type { Mutant } from '../../mutant.ts'

const outer = 'test/channel/outer.test.ts'
const fetchTests = 'test/channel/fetch.test.ts'
const attacks = 'test/ohttp/attacks.test.ts'
const innerRequest = 'test/channel/inner-request.test.ts'

/** The answer. */
export const answer: readonly Mutant[] = [
  {
    name: 'sdk: what answers has the media type of the channel',
    file: 'channel/attempt.ts',
    find: "if (mediaType(outer) !== 'message/ohttp-chunked-res') {",
    replace: 'if (outer.status !== 200) {',
    tests: [fetchTests],
  },
  {
    name: 'sdk: a problem that does not end is not waited for',
    file: 'channel/attempt.ts',
    find: 'await within(problemTimeoutMs, () => error, signal, read)',
    replace: 'await within(2 ** 31 - 1, () => error, signal, read)',
    tests: [outer],
    hangs: true,
  },
  {
    name: 'sdk: a caller who leaves a problem hears its own reason',
    file: 'channel/attempt.ts',
    find: '    signal?.throwIfAborted()\n    // A gateway that has no room',
    replace: '    // A gateway that has no room',
    tests: [outer],
  },
  {
    name: 'sdk: an aborted answer gives out nothing that is buffered',
    file: 'channel/open-answer.ts',
    find: '        this.#signal?.throwIfAborted()\n',
    replace: '',
    tests: [fetchTests],
  },
  {
    name: 'sdk: an answer is a byte stream',
    file: 'channel/open-answer.ts',
    find: "type: globalThis.ReadableByteStreamController && 'bytes',",
    replace: '',
    tests: [fetchTests],
  },
  {
    name: 'sdk: a byte stream keeps the rest of its chunk',
    file: 'channel/open-answer.ts',
    find: 'controller.enqueue(bytes.slice())',
    replace: 'controller.enqueue(bytes)',
    tests: [fetchTests],
    hangs: true,
  },
  {
    name: 'sdk: an answer has the address of its request',
    file: 'channel/fetch.ts',
    find: 'value: base.href + request.path.slice(1)',
    replace: "value: ''",
    tests: [fetchTests],
  },
  {
    name: 'sdk: bytes of another realm are bytes',
    file: 'channel/body.ts',
    find: "kindOfValue(value) !== 'Uint8Array'",
    replace: '!((value as object) instanceof Uint8Array)',
    tests: [innerRequest],
  },
  {
    name: 'sdk: an answer ends with its final chunk',
    file: 'ohttp/chunk-framing.ts',
    find: 'if (this.#ended) throw truncated()\n    return undefined\n  }\n\n  #readLength',
    replace: 'if (this.#ended) this.#done = true\n    return undefined\n  }\n\n  #readLength',
    tests: [attacks, fetchTests],
  },
  {
    name: 'sdk: chunks have the lengths of the protocol',
    file: 'ohttp/chunk-framing.ts',
    find: 'if (length > maxChunk || (length > 0 && length <= tagLength)) throw forbiddenLength()',
    replace: '',
    tests: [attacks],
  },
  {
    name: 'sdk: an answer ends inside its Binary HTTP too',
    file: 'bhttp/decode-response.ts',
    find: "if (this.#ended) throw malformed('end')",
    replace: 'if (this.#ended) return',
    tests: ['test/bhttp/decode-response.test.ts'],
    hangs: true,
  },
  {
    name: 'sdk: fields of an answer end no line',
    file: 'bhttp/fields.ts',
    find: '/[\\0\\r\\n\\u0100-\\uffff]/',
    replace: '/[\\u0100-\\uffff]/',
    tests: ['test/bhttp/decode-response.test.ts'],
  },
]
