/** Where the verifier's WebAssembly comes from: its address, a response, its bytes, or the compiled module. */
export type WasmSource = string | URL | Response | BufferSource | WebAssembly.Module
