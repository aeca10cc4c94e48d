/* For engines without ML-KEM in their WebCrypto: loaded where a policy accepts nothing else, and never before. */
export { KEM_MLKEM768_X25519 } from '@panva/hpke-noble'
