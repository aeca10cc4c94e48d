#!/usr/bin/env node
import { run } from './run.js'
import { processIo } from './terminal/io.js'

// A reader that has seen enough, as `head` does, is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await run(process.argv.slice(2), processIo())
