/** The verifier's WebAssembly before it is compiled: its address, a response, or its bytes. */
export type WasmToCompile = string | URL | Response | BufferSource

/** Where the verifier's WebAssembly comes from; a compiled module is what runtimes need that compile nothing themselves. */
export type WasmSource = WasmToCompile | WebAssembly.Module
