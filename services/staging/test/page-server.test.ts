import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { PageServer } from '../page-server.ts'
import { testFolder } from './folder.ts'

let page: PageServer
beforeEach(async () => {
  const folder = testFolder()
  writeFileSync(join(folder, '../outside.txt'), 'outside')
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'index.html'), '<!doctype html>')
  writeFileSync(join(folder, 'assets/verifier.wasm'), 'wasm')
  page = await PageServer.start(folder, 0)
  onTestFinished(async () => page.stop())
})

/** A request whose path is sent as it is: `fetch` would resolve the dots itself. */
async function statusOf(path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(page.origin)
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end()
  })
}

it('answers 503 until there is a service to talk to', async () => {
  expect((await fetch(page.origin)).status).toBe(503)
  expect((await fetch(`${page.origin}/staging.json`)).status).toBe(503)
})

it('says which port is taken', async () => {
  const taken = Number(new URL(page.origin).port)
  await expect(PageServer.start(testFolder(), taken)).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

describe('with a service', () => {
  beforeEach(() => page.publish('http://127.0.0.1:9/', { url: 'http://127.0.0.1:9/', policy: '{}' }))

  it('publishes the deployment beside the page', async () => {
    const answer = await fetch(`${page.origin}/staging.json`)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(await answer.json()).toEqual({ url: 'http://127.0.0.1:9/', policy: '{}' })
  })

  it('lets the page run its own scripts and WebAssembly, and reach this one service', async () => {
    const policy = (await fetch(page.origin)).headers.get('content-security-policy')
    expect(policy?.split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self' 'wasm-unsafe-eval'",
      "style-src 'self'",
      "connect-src 'self' http://127.0.0.1:9",
      "img-src 'self' data:",
      "font-src 'self'",
      "manifest-src 'self'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
  })

  it('serves WebAssembly under the type that streaming compilation demands', async () => {
    const answer = await fetch(`${page.origin}/assets/verifier.wasm`)
    expect(answer.headers.get('content-type')).toBe('application/wasm')
    expect(await answer.text()).toBe('wasm')
  })

  it('serves nothing outside the folder', async () => {
    for (const path of [
      '/../outside.txt',
      '/%2e%2e/outside.txt',
      '/assets/..%2f..%2foutside.txt',
      '//outside.txt',
      '//',
      '/\\',
    ]) {
      expect(await statusOf(path), path).toBe(404)
    }
    expect(await statusOf('/')).toBe(200)
  })

  it('takes no other method', async () => {
    expect((await fetch(page.origin, { method: 'POST' })).status).toBe(404)
  })
})
