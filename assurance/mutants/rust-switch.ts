/** Many mutants of one Rust file in one build: the environment variable `MUTANT` names the one that is active. */
import type { Mutant } from './mutant.ts'
import { functions, type RustFunction } from '../../tools/source/rust-functions.ts'
import { patched } from './source.ts'

/** Appended to `lib.rs`. The verifier has no `std` of its own where it is built for a page; tests always have one. */
export const switchModule: string = `
/// The check that is taken out in this process.
pub mod mutant {
    extern crate std;

    /// Whether the mutant with this name is the active one.
    #[must_use]
    pub fn is(name: &str) -> bool {
        static ACTIVE: self::std::sync::OnceLock<Option<self::std::string::String>> = self::std::sync::OnceLock::new();
        ACTIVE.get_or_init(|| self::std::env::var("MUTANT").ok()).as_deref() == Some(name)
    }
}
`

interface Choice {
  readonly function: RustFunction
  /** Name and body with its patch, braces excluded. */
  readonly bodies: [name: string, body: string][]
}

/**
 * The source in which each function with mutants chooses its body by the active one.
 *
 * @param is Path of the function that tells whether a mutant is active.
 * @throws Where a patch does not lie inside the body of one function, or that function returns `impl Trait`.
 */
export function switched(source: string, mutants: readonly Mutant[], is: string): string {
  const all = functions(source)
  const choices = new Map<number, Choice>()
  for (const mutant of mutants) {
    const around = enclosing(all, source, mutant)
    const choice = choices.get(around.open) ?? { function: around, bodies: [] }
    choice.bodies.push([mutant.name, patchedBody(source, around, mutant)])
    choices.set(around.open, choice)
  }
  let text = source
  // From the last to the first: what is replaced stands behind, or inside of, what is still to be.
  const done: { open: number; grown: number }[] = []
  for (const { function: place, bodies } of [...choices.values()].toSorted(
    (a, b) => b.function.open - a.function.open,
  )) {
    const grownInside = done.filter(({ open }) => open < place.close).reduce((sum, { grown }) => sum + grown, 0)
    const close = place.close + grownInside
    const before = text.length
    const body = text.slice(place.open + 1, close)
    const chosen = bodies.map(([name, other]) => `if ${is}(${JSON.stringify(name)}) {${other}} else `).join('')
    // A body that is chosen at run time is no constant.
    const head = text.slice(place.start, place.open).replace(/^const\s+/, '')
    text = `${text.slice(0, place.start)}${head}{ ${chosen}{${body}} }${text.slice(close + 1)}`
    done.push({ open: place.open, grown: text.length - before })
  }
  return text
}

/** The innermost function whose body holds the text to find. */
function enclosing(all: readonly RustFunction[], source: string, mutant: Mutant): RustFunction {
  patched(source, mutant)
  const begin = source.indexOf(mutant.find)
  const end = begin + mutant.find.length
  const around = all.findLast(({ open, close }) => open < begin && end <= close)
  if (around === undefined)
    throw new Error(`${mutant.name}: the patch lies in no function of ${mutant.file}; set "whole"`)
  if (/->\s*impl\b/.test(around.signature))
    throw new Error(`${mutant.name}: the function in ${mutant.file} returns impl Trait; set "whole"`)
  return around
}

function patchedBody(source: string, place: RustFunction, mutant: Mutant): string {
  const whole = patched(source, mutant)
  const grown = whole.length - source.length
  return whole.slice(place.open + 1, place.close + grown)
}
