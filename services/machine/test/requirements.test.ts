import { expect, it } from 'vitest'
import { requireForImage } from '../requirements.ts'

it('names every program that is missing, and the command that installs it', async () => {
  await expect(requireForImage('/nowhere')).rejects.toThrow(
    /^Missing: qemu-system-x86_64, swtpm, .*dpkg-deb\. Run: npm run setup:vm$/,
  )
})
