import { expect, test } from './fixtures.ts'

for (const [processor, build] of [
  ['max', 'AVX2'],
  // Each of them alone is too little.
  ['max,fma=off', 'SSE2'],
  ['qemu64', 'SSE2'],
] as const)
  test(`a processor ${processor} computes with the build for ${build}, and is verified`, async ({
    machines,
    visitor,
  }) => {
    // Of several the last word counts.
    const { machine, stop, ...booted } = await machines.boot({ extra: ['-cpu', processor] })
    try {
      expect(await machine.console()).toContain(`init: the model server is the build for ${build}`)
      expect(await visitor.verdict(booted)).toBe('verified')
    } finally {
      await stop()
    }
  })
