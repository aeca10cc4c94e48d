import { sourceFiles } from './files.ts'

/** An error that is made with its code as the first argument, on the same line or the next. */
const made = /\bnew (?:BlindLlamaError|Failure)\(\s*'([a-z_]+\.[a-z_]+)'/g

/** The codes with which TypeScript in `folder` makes errors, sorted. `root` is the repository. */
export function raisedCodes(root: string, folder: string): string[] {
  const codes = sourceFiles(root, `${folder}/*.ts`, `${folder}/*.tsx`).flatMap(({ text }) =>
    [...text.matchAll(made)].map(([, code = '']) => code),
  )
  return [...new Set(codes)].toSorted()
}
