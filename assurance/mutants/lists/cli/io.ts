import type { Mutant } from '../../mutant.ts'
import { changed } from './patch.ts'

const inputs = 'test/inputs.test.ts'
const streams = 'test/streams.test.ts'
const terminal = 'test/terminal.test.ts'

/** What is read, what reaches the terminal, and the module that judges. */
export const io: readonly Mutant[] = [
  {
    ...changed(
      'a service has for ever to send its evidence',
      'inspect/evidence-in.ts',
      'setTimeout(() => patience.abort(), patienceMs)',
      'setTimeout(() => {}, patienceMs)',
      'test/inspect.test.ts',
    ),
    hangs: true,
  },
  {
    ...changed('standard input has for ever to end', 'read-file.ts', '    stdin.destroy()\n', '', inputs),
    hangs: true,
  },
  changed('an input has any size', 'read-file.ts', 'if (length > limit)', 'if (length < 0)', inputs),
  changed(
    'a device or a FIFO is read',
    'read-file.ts',
    'if (!(await handle.stat()).isFile())',
    'if ((await handle.stat()).isDirectory())',
    inputs,
  ),
  changed(
    'a reader that is gone ends the command with 0',
    'main.ts',
    "(isLost ||= code !== 'EPIPE')",
    "(isLost ||= code !== 'EPIPE' || process.exit(0))",
    streams,
  ),
  changed('a closed standard error ends the command', 'main.ts', "process.stderr.on('error', () => {})\n", '', streams),
  changed(
    'a result that was not written ends with 0',
    'main.ts',
    'if (isLost && process.exitCode === exit.passed)',
    'if (isLost && process.exitCode === exit.refused)',
    streams,
  ),
  changed(
    'the module is not the one of the build',
    'verifier.ts',
    'if (sha256 !== undefined && createHash',
    'if (sha256 === undefined && createHash',
    'test/verify.test.ts',
  ),
  changed(
    'a text is printed as it came',
    'terminal/text.ts',
    "if (typeof value === 'string') return escaped(value)",
    "if (typeof value === 'string') return value",
    terminal,
  ),
  changed(
    'characters that turn the direction are printed',
    'terminal/text.ts',
    String.raw`[\p{Cc}\p{Cf}\p{Cn}`,
    String.raw`[\p{Cc}\p{Cn}`,
    terminal,
  ),
  changed(
    'a text of any length is printed',
    'terminal/text.ts',
    'characters.slice(0, longestShown)',
    'characters',
    terminal,
  ),
  changed(
    'JSON acts on the terminal',
    'terminal/text.ts',
    'const text = JSON.stringify(value).replaceAll(escapedInJson,',
    'const text = JSON.stringify(value).replaceAll(/(?!)/g,',
    terminal,
  ),
  changed(
    'lists are printed as they came',
    'terminal/text.ts',
    "texts.map(escaped).join(', ')",
    "texts.join(', ')",
    terminal,
  ),
  changed(
    'names in rows are printed as they came',
    'terminal/text.ts',
    "align === 'left' ? escaped(text) + spaces : spaces + escaped(text)",
    "align === 'left' ? text + spaces : spaces + text",
    terminal,
  ),
]
