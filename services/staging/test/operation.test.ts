import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import '../../../tools/environment.ts'
import { audience } from '../policy.ts'
import { blindllama, EnrolmentScene, type Ran } from './enrolling.ts'

let scene: EnrolmentScene
let url: string
const at = (name: string): string => scene.at(name)
const hash = (key: string): string => createHash('sha256').update(key).digest('hex')

beforeAll(async () => {
  scene = await EnrolmentScene.make()
  const extra = { operator: { keys: [scene.enroller] }, access: { keys: [hash('old')] } }
  ;({ url } = await scene.gateway('one', await scene.certifiedTpm('one'), extra))
}, 120_000)

afterAll(async () => {
  await scene.stop()
})

/** A status that the operator signs, packed as a gateway reads it. */
async function packedStatus(name: string): Promise<string> {
  const document = at(`${name}.json`)
  expect((await blindllama('release', 'status', '--out', document)).exitCode).toBe(0)
  expect((await blindllama('release', 'sign', document, '--key', at('enroller.pem'))).exitCode).toBe(0)
  expect((await blindllama('release', 'pack', '--out', at(name), '--status', document)).exitCode).toBe(0)
  return `${at(name)}/status.cbor`
}

const push = async (...args: string[]): Promise<Ran> =>
  blindllama('operate', 'push', url, '--key', at('enroller.pem'), '--audience', audience, ...args)

async function evidence(): Promise<Buffer> {
  const nonce = randomBytes(32).toString('base64url')
  return Buffer.from(await (await fetch(`${url}blindllama/v1/evidence?nonce=${nonce}&v=1`)).arrayBuffer())
}

it('a gateway that runs shows the status of its operator, and never an older one', async () => {
  const older = await packedStatus('older')
  const newer = await packedStatus('newer')
  const keys = at('keys.txt')
  writeFileSync(keys, `${hash('new')}\n`)
  expect((await evidence()).includes('"date"')).toBe(false)
  expect(await push('--status', newer, '--access-keys', keys)).toMatchObject({
    exitCode: 0,
    said: { result: 'done', operator: scene.enroller, documents: ['status', '1 access keys'] },
  })
  await expect.poll(async () => (await evidence()).includes('"date"'), { timeout: 30_000 }).toBe(true)
  expect(await push('--status', older)).toMatchObject({ exitCode: 3, said: { code: 'operate.older' } })
})

it('another key operates nothing', async () => {
  await blindllama('release', 'keygen', at('stranger.pem'))
  const keys = at('strangers.txt')
  writeFileSync(keys, `${hash('stranger')}\n`)
  const words = ['--key', at('stranger.pem'), '--access-keys', keys, '--audience', audience]
  const ran = await blindllama('operate', 'push', url, ...words)
  expect(ran).toMatchObject({ exitCode: 3, said: { code: 'operate.refused' } })
})

it('documents for another service change nothing', async () => {
  const keys = at('keys-of-another.txt')
  writeFileSync(keys, `${hash('another')}\n`)
  // The address of the gateway is the default, and none of its names.
  const ran = await blindllama('operate', 'push', url, '--key', at('enroller.pem'), '--access-keys', keys)
  expect(ran).toMatchObject({ exitCode: 3, said: { code: 'operate.document' } })
})
