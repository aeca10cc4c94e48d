import { benchChannel } from './channel.js'
import { calibrate } from './calibrate.js'
import { coldVerify, warmVerify } from './verify.js'

/* What the page of the bench offers to run.ts. */
Object.assign(globalThis, { bench: { benchChannel, calibrate, coldVerify, warmVerify } })
