import { equal } from '../bytes.ts'
import { readJson } from '../json.ts'
import { Members } from '../members.ts'
import { demand, Refusal } from '../refusal.ts'
import { type KeySet, keySetId, readKeySet } from './key-set.ts'
import { checkSigned, documentType, type Signed } from './signed.ts'

const [syntax, invalid] = ['release.syntax', 'release.invalid'] as const

/** A key set, and its id. */
export interface Named {
  readonly set: KeySet
  readonly id: Uint8Array
}

/**
 * The current key set: that of the policy, or the last of its successors, PROTOCOL.md §19.2. The way to it leads through `newest`, the id of the
 * one that was current at an earlier visit.
 *
 * @throws {Refusal} release.*
 */
export async function currentKeySet(
  pinned: KeySet,
  documents: readonly Signed[],
  newest: Uint8Array,
  checkLogged: (document: Signed) => Promise<void>,
): Promise<Named> {
  const way: Named[] = [{ set: pinned, id: await keySetId(pinned) }]
  for (const document of documents) {
    const { set: current, id } = way.at(-1) as Named
    const members = new Members(readJson(document.payload, syntax), 'key set', syntax)
    if (equal(members.hex('previous', 32), id)) {
      await checkSigned(document, documentType.keySet, current)
      const set = readSuccessor(members)
      await checkLogged(document)
      way.push({ set, id: await keySetId(set) })
    } else {
      if (way.length > 1) throw new Refusal('release.key_set', 'not the successor of the one before')
      readSuccessor(members)
    }
  }
  demand(
    way.some(({ id }) => equal(id, newest)),
    'release.key_set_back',
    'the set of an earlier visit is missing',
  )
  return way.at(-1) as Named
}

/** Of a document whose `previous` was read. */
function readSuccessor(members: Members): KeySet {
  members.integer('notAfter', 0, Number.MAX_SAFE_INTEGER)
  const set = readKeySet(members, syntax)
  members.endDocument(invalid)
  return set
}
