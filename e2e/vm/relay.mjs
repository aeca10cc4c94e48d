/** `node relay.mjs PORT`: QEMU starts it for a connection of the guest, which is its standard input, and it goes on to a port of 127.0.0.1. */
import { connect, Socket } from 'node:net'

// Either side may end what it sends before it has heard everything.
const guest = new Socket({ fd: 0, allowHalfOpen: true })
const service = connect({ host: '127.0.0.1', port: Number(process.argv[2]), allowHalfOpen: true })
guest.pipe(service).pipe(guest)
// Standard error is the same connection: whatever goes wrong ends it without a word.
for (const socket of [guest, service]) socket.on('error', () => process.exit(1))
