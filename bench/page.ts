import { benchAnswers } from './answers.js'
import { benchChannel } from './channel.js'
import { calibrate } from './calibrate.js'
import { benchUploads } from './uploads.js'
import { coldVerify, warmVerify } from './verify.js'

/* What the page of the bench offers to run.ts. */
Object.assign(globalThis, { bench: { benchAnswers, benchChannel, benchUploads, calibrate, coldVerify, warmVerify } })
