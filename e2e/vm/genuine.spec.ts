import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { guestAddress } from '../../packages/image/build/uki.ts'
import type { Chat } from '../support/chat.ts'
import { packets } from './capture.ts'
import { expect, test } from './fixtures.ts'
import { systemdMeasure } from './oracle.ts'

/** How many words came from inside. A small model may end after a few: it is asked again, up to four times in all. */
async function wordsSaid(chat: Chat, question: string): Promise<number> {
  let words = 0
  for (let turn = 0; turn < 4 && words < 20; turn++) {
    const now = async (): Promise<readonly [ended: boolean, words: number]> => {
      const answer = await chat.answer(turn)
      const ended = answer !== undefined && answer.state !== 'streaming'
      if (ended) expect(answer.state, answer.code).toBe('complete')
      return [ended, answer?.said.split(/\s+/).filter((word) => word !== '').length ?? 0]
    }
    await chat.ask(question)
    await expect
      .poll(async () => now().then(([ended, said]) => ended || words + said >= 20), { timeout: 120_000 })
      .toBe(true)
    words += (await now())[1]
  }
  return words
}

test('the page verifies the machine by its own firmware log, and streams an answer from inside', async ({
  machines,
  visitor,
  folder,
}) => {
  const capture = join(folder, 'packets.pcap')
  const { machine, url, policy, stop } = await machines.boot({ capture })
  try {
    const { chat, close } = await visitor.open({ url, policy })
    await chat.verified()
    expect(await chat.isThere('[data-testid="banner-simulated"]')).toBe(true)
    expect(
      await wordsSaid(chat, 'Write a very long story about a lighthouse, in many chapters.'),
    ).toBeGreaterThanOrEqual(20)
    await close()

    const seen = packets(await readFile(capture))
    const guest = seen.filter(({ source }) => source === guestAddress)
    expect(guest.length, 'packets of the guest').toBeGreaterThan(20)
    const unasked = guest.filter(
      ({ protocol, sourcePort, opens }) => protocol !== 'tcp' || sourcePort !== 8787 || opens,
    )
    expect(unasked, 'packets outside of connections that were opened from outside').toEqual([])
    const console = await machine.console()
    expect(console, 'nothing of the conversation').not.toContain('lighthouse')
  } finally {
    await stop()
  }
})

test('systemd-measure computes the same PCR 11', async ({ machines, folder }) => {
  const { image, values } = machines.release
  expect(await systemdMeasure(image.uki, folder)).toBe(values['11'])
})
