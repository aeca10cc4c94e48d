import { useEffect, useRef, useState, type ReactElement } from 'react'
import { loadPart, once } from '../ui/load-part.ts'

/** Longest formula that is set, in UTF-16 code units. */
const LONGEST = 2000

const load = once(async () => (await loadPart(async () => import('katex'))).default)

interface FormulaProps {
  readonly source: string
  readonly display: boolean
}

/**
 * A formula as MathML, which browsers set themselves: it needs no fonts, no styles and no HTML. Its source stands there until KaTeX has
 * been loaded, and where KaTeX does not read it.
 */
export function Formula({ source, display }: FormulaProps): ReactElement {
  const place = useRef<HTMLSpanElement>(null)
  const [set, setSet] = useState(false)
  useEffect(() => {
    setSet(false)
    if (source.length > LONGEST) return undefined
    let left = false
    const typeset = async (): Promise<void> => {
      try {
        const katex = await load()
        if (left || !place.current) return
        // `trust` would let a formula link and load; the expansions bound what macros cost.
        const bounds = { trust: false, maxExpand: 200, maxSize: 20 }
        katex.render(source, place.current, { output: 'mathml', displayMode: display, ...bounds })
        setSet(true)
      } catch {
        // Not a formula, or not one that KaTeX knows: the source is what the model wrote.
      }
    }
    void typeset()
    return () => void (left = true)
  }, [source, display])
  return (
    <span className={display ? 'formula formula-display' : 'formula'}>
      <span ref={place} hidden={!set} />
      {!set && <code>{source}</code>}
    </span>
  )
}
