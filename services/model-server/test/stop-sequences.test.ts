import { describe, expect, it } from 'vitest'
import { StopSequences } from '../src/stop-sequences.ts'

function feed(stops: string[], pieces: string[]): { shown: string[]; rest: string; stopped: boolean } {
  const sequences = new StopSequences(stops)
  const shown = pieces.map((piece) => sequences.push(piece))
  return { shown, rest: sequences.finish(), stopped: sequences.stopped }
}

describe('stop sequences', () => {
  it('pass everything on at once when there are none', () => {
    expect(feed([], ['a', 'b'])).toEqual({ shown: ['a', 'b'], rest: '', stopped: false })
  })

  it('hold back a beginning until it is decided', () => {
    expect(feed(['END'], ['x', 'E', 'N', 'o'])).toEqual({ shown: ['x', '', '', 'ENo'], rest: '', stopped: false })
  })

  it('cut a sequence that arrives in pieces', () => {
    expect(feed(['END'], ['xE', 'ND', 'more'])).toEqual({ shown: ['x', '', ''], rest: '', stopped: true })
  })

  it('cut at the earliest of several', () => {
    expect(feed(['b', 'ab'], ['xaby'])).toEqual({ shown: ['x'], rest: '', stopped: true })
  })

  it('give back at the end what turned out to be no sequence', () => {
    expect(feed(['END'], ['xEN'])).toEqual({ shown: ['x'], rest: 'EN', stopped: false })
  })
})
