import { equal } from '../bytes.ts'
import { readJson } from '../json.ts'
import { Members } from '../members.ts'
import { Refusal } from '../refusal.ts'
import { type KeySet, keySetId, readKeySet } from './key-set.ts'
import { checkSigned, documentType, type Signed } from './signed.ts'

const [syntax, invalid] = ['release.syntax', 'release.invalid'] as const

/**
 * The current key set: that of the policy, or the last of its successors, PROTOCOL.md §19.2.
 *
 * @throws {Refusal} release.*
 */
export async function currentKeySet(pinned: KeySet, documents: readonly Signed[]): Promise<KeySet> {
  let current = pinned
  let taken = false
  for (const document of documents) {
    const members = new Members(readJson(document.payload, syntax), 'key set', syntax)
    if (equal(members.hex('previous', 32), await keySetId(current))) {
      await checkSigned(document, documentType.keySet, current)
      current = readKeySet(members, syntax)
      members.endDocument(invalid)
      taken = true
    } else {
      if (taken) throw new Refusal('release.key_set', 'not the successor of the one before')
      readKeySet(members, syntax)
      members.endDocument(invalid)
    }
  }
  return current
}
