import type { Mutant } from '../../mutant.ts'
import { changed } from './patch.ts'

/** What leaves for the client. */
export const answers: readonly Mutant[] = [
  changed(
    'a broken answer has no end',
    'channel/answer.rs',
    'Some(Err(_)) => return Poll::Ready(Err(Aborted)),\n                None => self.upstream = None,',
    'Some(Err(_)) | None => self.upstream = None,',
    'gateway::streaming::an_upstream_that_dies_leaves',
  ),
  changed(
    'an upstream that pauses too long is given up',
    'pause.rs',
    'ready!(this.alarm.as_mut().poll(context));',
    'if this.alarm.as_mut().poll(context).is_ready() || true { return Poll::Pending; }',
    'lib::pause::tests::a_body_that_sends_nothing',
  ),
  changed(
    'whole answers are padded',
    'channel/padding.rs',
    'let length = length.max(512);',
    '',
    'lib::channel::padding',
    'gateway::streaming::the_size_of_a_whole_answer',
  ),
  changed(
    'events are padded',
    'channel/flow/events.rs',
    'if padded.is_some() { comment(length, self.bucket) }',
    'if padded.is_some() && false { comment(length, self.bucket) }',
    'gateway::streaming::the_length_of_a_chunk',
  ),
  changed(
    'a receipt covers the zeros inside of a request',
    'receipt/request.rs',
    'while *zeros > 0 {',
    'while *zeros > 0 && false {',
    'lib::receipt',
  ),
  changed(
    'a request that was not read to its end has no receipt',
    'receipt/request.rs',
    'self.state = State::Over;',
    'self.finish();',
    'lib::receipt',
  ),
  changed('a salt stands once', 'receipt/request.rs', '.filter(|_| values.next().is_none());', ';', 'lib::receipt'),
]
