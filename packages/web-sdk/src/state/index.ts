export type { StateKeeper } from '../attestation/state-keeper.js'
export { type IndexedDbState, type IndexedDbStateOptions, indexedDbState } from './indexed-db.js'
