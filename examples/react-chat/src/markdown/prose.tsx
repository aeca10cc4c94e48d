import { useEffect, useMemo, useState, type ComponentType, type ReactElement } from 'react'
import { loadPart, once } from '../ui/load-part.ts'
import { Parts } from './parts.ts'

const load = once(async () => loadPart(async () => import('./formatted.tsx')))
type Formatted = ComponentType<{ readonly text: string; readonly settled: boolean }>

/** Kept beside the load, so that the next answer is formatted with its first word. */
let loaded: Formatted | undefined

/** Begins to load what reads Markdown. */
export async function loadMarkdown(): Promise<void> {
  loaded = (await load()).Formatted
}

/**
 * The Markdown of an answer.
 *
 * Addresses in it load nothing: a model's answer must not be able to make the browser fetch one, since the address could carry the
 * conversation away. Until what reads Markdown has been loaded, and where it cannot be, the text stands as it came.
 */
export function Prose({ text, ended }: { readonly text: string; readonly ended: boolean }): ReactElement {
  const [Part, setPart] = useState<Formatted | undefined>(() => loaded)
  const [parts] = useState(() => new Parts())
  useEffect(() => {
    if (Part) return
    loadMarkdown().then(
      () => setPart(() => loaded),
      () => {},
    )
  }, [Part])
  const texts = useMemo(() => parts.update(text), [parts, text])
  return (
    <>
      {texts.map((each, index) => (
        <div className="prose" key={index}>
          {Part ? <Part text={each} settled={ended || index < texts.length - 1} /> : <p className="plain">{each}</p>}
        </div>
      ))}
    </>
  )
}
