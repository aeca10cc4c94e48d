import type { Mutant } from '../../mutant.ts'
import { changed } from './patch.ts'

/** What leaves for the client. */
export const answers: readonly Mutant[] = [
  changed(
    'a broken answer has no end',
    'channel/answer.rs',
    'self.exchange.aborted(EndedBy::Upstream);\n                    (self.upstream, self.whole) = (None, false);',
    'self.upstream = None;',
    'gateway::streaming::an_upstream_that_dies_leaves',
  ),
  changed(
    'what arrived leaves before the answer breaks off',
    'channel/answer.rs',
    'ready!(linger.as_mut().poll(context));',
    'let _ = linger;',
    'gateway::faithful::what_arrived_before',
  ),
  changed(
    'an answer that the gateway ends has no end',
    'channel/answer.rs',
    'self.exchange.aborted(EndedBy::Drained);\n        (self.upstream, self.whole) = (None, false);',
    'self.upstream = None;',
    'gateway::drain::a_stream_that_outlives',
  ),
  changed(
    'nothing follows the part of an event',
    'upstream/events.rs',
    '(self.before != Preceding::Part).then_some(self.line_end)',
    'Some(self.line_end)',
    'lib::channel::flow',
  ),
  changed(
    'what is held of a broken answer leaves',
    'channel/flow/whole.rs',
    '(Source::Broken, _) => true,',
    '(Source::Broken, _) => false,',
    'gateway::faithful::what_arrived_before',
  ),
  changed(
    'JSON of unknown length is not held for ever',
    'channel/flow/whole.rs',
    'alarm.as_mut().poll(context).is_ready()',
    'alarm.as_mut().poll(context).is_ready() && false',
    'gateway::faithful::json_of_unknown_length',
  ),
  changed(
    'JSON under the type of events is none',
    'upstream/events.rs',
    'FIELDS.contains(&name)',
    '!FIELDS.is_empty()',
    'gateway::faithful::json_under_the_name',
  ),
  changed(
    'events that share a chunk show the lengths that they have apart',
    'channel/flow/events.rs',
    'self.batch_timer.is_none() { self.chunk_of(piece) }',
    'self.batch_timer.is_none() && false { self.chunk_of(piece) }',
    'lib::channel::flow::tests::events_that_are_there_together',
  ),
  changed(
    'a comment is a block of its own',
    'upstream/events.rs',
    'Self::Feed => b"\\n\\n",',
    'Self::Feed => b"\\n",',
    'gateway::streaming::each_event_is_one_chunk',
  ),
  changed(
    'coded content has an end',
    'upstream/content.rs',
    'None => stage.decoder.push(None),',
    'None => return Poll::Ready(None),',
    'lib::upstream::content',
  ),
  changed(
    'decoded content comes in pieces',
    'upstream/content/coding.rs',
    'match decoder.read(&mut output) {',
    'output.resize(64 * PIECE, 0);\n    match decoder.read(&mut output) {',
    'lib::upstream::content',
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
