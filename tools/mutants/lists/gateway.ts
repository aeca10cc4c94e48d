import type { Mutant } from '../mutant.ts'

export const mutants: readonly Mutant[] = [
  {
    name: 'gateway: the nonce of a chunk counts',
    file: 'ohttp/response.rs',
    find: 'self.chunks = self.chunks.checked_add(1)?;',
    replace: '',
    tests: ['lib::ohttp::response', 'gateway::interop'],
  },
  {
    name: 'gateway: an idempotency key runs once',
    file: 'channel/admission.rs',
    find: 'self.keys.take(key.as_bytes())',
    replace: 'self.keys.take(key.as_bytes()).or(Ok(()))',
    tests: ['gateway::admission::an_idempotency_key_runs_once'],
  },
]
