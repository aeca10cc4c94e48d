export type Cloud = 'azure' | 'gcp'

/** Roots of clouds by the SHA-256 of their DER (PROTOCOL.md §17.3); every other root is one of the author. */
export const cloudRoots: Readonly<Record<string, Cloud>> = {
  e6c596b17f8ffefba5c300f714cfb1260c6028704ecf7becc4ab5018efb00e95: 'azure',
  '594759594b9b61524f6c8ef668f7177f7b9066bc0674f2f49fe9e052be78beb2': 'gcp',
  '9bd5285f8fb18502a7947e621ffd470266f49fcd3b73e19a190f690ad32a7caf': 'gcp',
}
