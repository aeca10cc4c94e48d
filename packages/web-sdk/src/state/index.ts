export type { StateStore } from '../attestation/state-store.js'
export { type IndexedDbState, type IndexedDbStateOptions, indexedDbState } from './indexed-db.js'
