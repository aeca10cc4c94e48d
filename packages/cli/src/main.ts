#!/usr/bin/env node
import { exit } from './exit.js'
import { run } from './run.js'
import { processIo } from './terminal/io.js'

let isLost = false

// A reader that has seen enough, as `head` has, changes nothing about what was found: the exit code stays that of the command.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => (isLost ||= code !== 'EPIPE'))
// Without a listener, a closed standard error ends the process with 1, which means refused.
process.stderr.on('error', () => {})

process.on('exit', () => {
  // A full disk, for example: the result was not written, and whatever reads it has half of it at most.
  if (isLost && process.exitCode === exit.passed) process.exitCode = exit.undecided
})

process.exitCode = await run(process.argv.slice(2), processIo())
