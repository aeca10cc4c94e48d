import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { lockedPackages, lockFile, readLock, writeLock, type LockedPackage } from '../build/lock.ts'
import { address } from '../build/mirror.ts'

const digest = 'ab'.repeat(32)
const entry: LockedPackage = {
  name: 'libstdc++6',
  version: '14.2.0-19',
  architecture: 'amd64',
  size: 12,
  sha256: digest,
  path: 'debian/pool/main/g/gcc-14/libstdc++6_14.2.0-19_amd64.deb',
  sets: ['image', 'tools'],
}
const line = (changes: Partial<Record<keyof LockedPackage, string>> = {}): string =>
  Object.values({ ...entry, sets: 'image,tools', ...changes }).join(' ')

describe('the lock of packages', () => {
  it('reads what it writes', () => {
    expect(readLock(writeLock([entry]))).toEqual([entry])
  })

  it('refuses a line that does not name one package exactly', () => {
    expect(() => readLock(line({ sha256: digest.slice(2) }))).toThrow(/line 1: 'abab.* is no SHA-256/)
    expect(() => readLock(line({ size: '-1' }))).toThrow("size '-1' is no number of bytes")
    expect(() => readLock(line({ path: 'http://mirror.example/a.deb' }))).toThrow('is no path of a package')
    expect(() => readLock(line({ path: 'debian/pool/../../etc/a.deb' }))).toThrow('is no path of a package')
    expect(() => readLock(`${line()} more`)).toThrow('8 words, expected 7')
    expect(() => readLock(line({ sets: 'image,other' }))).toThrow("sets 'image,other', expected some of")
    expect(() => readLock(`# first\n${line()}\n${line()}`)).toThrow('line 3: libstdc++6 stands there twice')
  })

  it('of this repository has every set, is sorted, and names no host', async () => {
    const text = readFileSync(lockFile, 'utf8')
    expect(writeLock(readLock(text))).toBe(text)
    expect(text).not.toMatch(/https?:/)
    const [firmware] = await lockedPackages('firmware')
    expect(firmware?.name).toBe('ovmf')
    const image = await lockedPackages('image')
    expect(image.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['linux-image-cloud-amd64', 'systemd-boot-efi']),
    )
    expect((await lockedPackages('tools')).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['mkosi', 'systemd-ukify']),
    )
  })
})

describe('an address of a package', () => {
  it('begins with the mirror of its archive, and escapes as apt does', () => {
    const mirror = { debian: 'http://m.example/debian', 'debian-security': 'http://s.example/debian-security' }
    expect(address(mirror, 'debian/pool/a/a++_1~b_all.deb')).toBe(
      'http://m.example/debian/pool/a/a%2b%2b_1%7eb_all.deb',
    )
    expect(address(mirror, 'debian-security/pool/b.deb')).toBe('http://s.example/debian-security/pool/b.deb')
  })
})
