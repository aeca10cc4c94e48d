/** How the tools that stages run begin to tell of one failed test: Playwright, cargo, Vitest, and Go. */
const headings = [/^\s*\d+\) \S/, /^---- \S+ stdout ----$/, /^ *FAIL  \S/, /^\s*--- FAIL: /]

/** Of one failure, the heading among them. */
const linesOfEach = 12
const failuresAtMost = 3

/**
 * The lines that say what failed in a stage, short enough to stand below the table: whoever has the end of a log alone then knows.
 *
 * @param printed Everything that the stage printed, without colours.
 * @returns The beginning of at most three failures; where none can be told from the rest, the last lines.
 */
export function failuresOf(printed: string): string {
  const lines = printed.trimEnd().split('\n')
  const starts = lines.flatMap((line, index) => (headings.some((heading) => heading.test(line)) ? [index] : []))
  if (starts.length === 0) return lines.slice(-linesOfEach).join('\n')
  return starts
    .slice(0, failuresAtMost)
    .map((start, index) => lines.slice(start, Math.min(start + linesOfEach, starts[index + 1] ?? Infinity)))
    .map((failure) => failure.join('\n').trimEnd())
    .join('\n')
}
