import { describe, expect, it, vi } from 'vitest'
import { LIMITS } from '../../src/attachments/attachment.ts'
import { readFile } from '../../src/attachments/read-file.ts'
import { refusal } from '../../src/attachments/use-attachments.ts'

const takes = async (): Promise<boolean> => true
const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]
const file = (content: string | readonly number[], name: string): File =>
  new File([typeof content === 'string' ? content : new Uint8Array(content)], name)

describe('a file', () => {
  it('is text where it is UTF-8, whatever its name', async () => {
    expect(await readFile(file('Grüße\n', 'a.png'), takes)).toMatchObject({
      kind: 'text',
      name: 'a.png',
      text: 'Grüße\n',
    })
  })

  it('is an image where it begins like one, with its bytes in the address', async () => {
    const bytes = [...PNG, ...Array.from({ length: 20_000 }, (_, index) => index % 251)]
    const read = await readFile(file(bytes, 'a.txt'), takes)
    if (read.kind !== 'image') throw new Error('no image')
    const [head, base64 = ''] = read.dataUrl.split(',')
    expect(head).toBe('data:image/png;base64')
    expect([...Buffer.from(base64, 'base64')]).toEqual(bytes)
  })

  it.each([
    ['JPEG', [0xff, 0xd8, 0xff, 0xe0], 'jpeg'],
    ['GIF', [...Buffer.from('GIF89a')], 'gif'],
    ['WebP', [...Buffer.from('RIFF1234WEBPVP8 ')], 'webp'],
  ])('is %s', async (_, bytes, type) => {
    expect(await readFile(file(bytes, 'a'), takes)).toMatchObject({
      dataUrl: expect.stringMatching(`^data:image/${type};`),
    })
  })

  it('that is an image is attached only where the model reads images', async () => {
    const asked = vi.fn(async () => false)
    await expect(readFile(file(PNG, 'a.png'), asked)).rejects.toThrow('a.png is an image, and the service does not say')
    await readFile(file('text', 'a.txt'), asked)
    expect(asked).toHaveBeenCalledTimes(1)
  })

  it.each([
    ['bytes', [0xff, 0xfe, 0, 1]],
    ['NUL in text', [65, 0, 66]],
    ['SVG with a byte that is no UTF-8', [60, 115, 0xc3, 0x28]],
  ])('is refused where it is nothing of these: %s', async (_, bytes) => {
    await expect(readFile(file(bytes, 'a.bin'), takes)).rejects.toThrow('a.bin is neither text')
  })

  it.each([
    ['text', LIMITS.text + 1, 'x'],
    ['an image', LIMITS.image + 1, '\x89PNG\r\n\x1a\n'],
    ['a PDF', LIMITS.pdf + 1, '%PDF-1.7'],
  ])('is not read where it is too large: %s', async (_, size, begin) => {
    const head = new Uint8Array([...begin].map((each) => each.charCodeAt(0)))
    const large = new File([head, new Uint8Array(size - head.length).fill(120)], 'large')
    await expect(readFile(large, takes)).rejects.toThrow(/large has [\d,]+ bytes, and at most [\d,]+ are sent/)
  })
})

const text = (length: number) => ({ id: 'a', kind: 'text', name: 'a', text: 'x'.repeat(length) }) as const

describe('attachments together', () => {
  it('are bounded in number and size', () => {
    expect(refusal([], text(10))).toBeUndefined()
    expect(
      refusal(
        Array.from({ length: LIMITS.count }, () => text(1)),
        text(1),
      ),
    ).toContain('At most 10 files')
    expect(refusal([text(LIMITS.together)], text(1))).toContain('24,000,001 characters together')
  })
})
