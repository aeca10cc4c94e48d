import { createHash } from 'node:crypto'
import { readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { expect, it } from 'vitest'
import { file } from './support/run.js'
import { at, release } from './support/signing.js'

const block = 4096
const mebibyte = 1 << 20

/** Reads a disk by the table of PROTOCOL.md §24.7. */
function diskIn(path: string): { generation: bigint; files: [string, string][] } {
  const disk = readFileSync(path)
  expect(disk.length % block).toBe(0)
  expect(disk.toString('latin1', 0, 16)).toBe('blindllama/docs1')
  expect(disk.subarray(60, block).every((byte) => byte === 0)).toBe(true)
  const body = disk.subarray(block, block + disk.readUInt32BE(24))
  expect(createHash('sha256').update(body).digest()).toEqual(disk.subarray(28, 60))
  const files: [string, string][] = []
  for (let offset = 0; offset < body.length;) {
    const name = body.toString('latin1', offset + 1, offset + 1 + (body[offset] ?? 0))
    const content = offset + 1 + name.length + 4
    const end = content + body.readUInt32BE(content - 4)
    files.push([name, body.toString('utf8', content, end)])
    offset = end
  }
  return { generation: disk.readBigUInt64BE(16), files }
}

it('a disk of documents has the files, and is changed in place with a new generation', async () => {
  const [one, other] = [file('release.cbor', 'one'), file('status.cbor', 'old')]
  const made = await release('disk', one, other, '--out', at('documents.img'), '--json')
  expect(made).toMatchObject({ exitCode: 0, err: '' })
  expect(JSON.parse(made.out)).toEqual({
    file: at('documents.img'),
    generation: 1,
    files: ['release.cbor', 'status.cbor'],
  })
  expect(diskIn(at('documents.img'))).toEqual({
    generation: 1n,
    files: [
      ['release.cbor', 'one'],
      ['status.cbor', 'old'],
    ],
  })
  const { ino, size } = statSync(at('documents.img'))
  file('status.cbor', 'new')
  expect((await release('disk', other, '--out', at('documents.img'))).exitCode).toBe(0)
  expect(diskIn(at('documents.img'))).toEqual({ generation: 2n, files: [['status.cbor', 'new']] })
  expect(statSync(at('documents.img')), 'the file that a machine has open').toMatchObject({ ino, size })
})

it('a disk of zeros takes documents, and a disk may have none', async () => {
  const disk = file('zeros.img', Buffer.alloc(block + mebibyte))
  expect((await release('disk', '--out', disk)).exitCode).toBe(0)
  expect(diskIn(disk)).toEqual({ generation: 1n, files: [] })
})

it('a disk of documents replaces no other file, and follows no link', async () => {
  const other = file('other.img', 'a disk of something else')
  const refused = await release('disk', file('status.cbor', 'x'), '--out', other)
  expect(refused.exitCode).toBe(3)
  expect(refused.err).toContain('no disk of documents')
  expect(readFileSync(other, 'utf8')).toBe('a disk of something else')
  rmSync(at('link.img'), { force: true })
  symlinkSync(file('target.img', Buffer.alloc(block)), at('link.img'))
  expect((await release('disk', '--out', at('link.img'))).exitCode).toBe(3)
})

async function refusal(...files: string[]): Promise<[number, string]> {
  const { exitCode, err } = await release('disk', ...files, '--out', at('refused.img'))
  return [exitCode, err]
}

it('a name that the image refuses, a name twice, too many files and too long ones are refused', async () => {
  expect(await refusal(file('Status.cbor', 'x'))).toEqual([2, expect.stringContaining("'Status.cbor' is no name")])
  expect(await refusal(file('status.cbor', 'x'), at('status.cbor'))).toEqual([2, expect.stringContaining('each once')])
  const many = Array.from({ length: 17 }, (_, index) => file(`f${index}`, ''))
  expect(await refusal(...many)).toEqual([2, expect.stringContaining('at most 16')])
  expect((await release('disk', ...many.slice(1), '--out', at('most.img'))).exitCode).toBe(0)
  // With its name the longest file has six bytes more.
  expect(await refusal(file('a', Buffer.alloc(mebibyte - 5)))).toEqual([3, expect.stringContaining('holds 1048576')])
  expect((await release('disk', file('a', Buffer.alloc(mebibyte - 6)), '--out', at('longest.img'))).exitCode).toBe(0)
})
