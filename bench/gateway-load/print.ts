import type { Quartiles } from '../statistics.js'
import type { Bar } from './bars.js'
import type { ProxyComparison, LoadResult } from './result.js'

/** Prints everything as tables. */
export function printResult(result: LoadResult, bars: readonly Bar[]): void {
  const { machine, crypto, cpu, memory, attestation, attacks } = result
  print(`${machine.cores} × ${machine.processor}, load ${machine.load.toFixed(1)}`)
  print(
    `calibration: JavaScript ${machine.javascriptMs.toFixed(1)} ms, one X25519 agreement ${crypto.x25519Us.toFixed(1)} µs`,
  )
  print(
    `a request's context: ${crypto.receiveUs.toFixed(1)} µs, portable ${crypto.portableReceiveUs.toFixed(1)} µs, ` +
      `post-quantum ${crypto.hybridReceiveUs.toFixed(1)} µs, portable ${crypto.portableHybridUs.toFixed(1)} µs`,
  )

  print('\nProcessor time of a request, µs: median [quartiles]')
  for (const { answer, pairs, plainUs, padded, unpadded } of cpu) {
    print(`  ${answer}, ${pairs} pairs`)
    print(`    proxy     ${figures(plainUs, 1)}`)
    for (const [name, comparison] of Object.entries({ padded, unpadded })) printComparison(name, comparison)
  }

  print(`\nMemory of an open stream of ${memory.streams}, bytes`)
  const { plainBytes, oursBytes, extraBytes } = memory
  for (const [name, bytes] of Object.entries({ proxy: plainBytes, gateway: oursBytes, more: extraBytes }))
    print(`    ${name.padEnd(9)} ${figures(bytes, 0)}`)

  const { waiting, perSecond, p50Ms, p99Ms, verified, gatewayUs } = attestation
  print(`\nFresh attestations, ${waiting} waiting`)
  print(
    `    ${perSecond.toFixed(0)} a second, p50 ${p50Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms, ${gatewayUs.toFixed(1)} µs each`,
  )
  print(`    ${verified} verified in full`)

  print('\nGenuine requests under attack')
  for (const { attack, asked, answered, quietP99Ms, attackedP99Ms, memoryBytes } of attacks) {
    const mebibytes = (memoryBytes / 2 ** 20).toFixed(1)
    print(
      `    ${answered}/${asked} answered, p99 ${attackedP99Ms.toFixed(1)} ms (quiet ${quietP99Ms.toFixed(1)}), ${mebibytes} MiB: ${attack}`,
    )
  }

  print(`\n${'bar'.padEnd(88)}${'measured'.padStart(18)}  within`)
  for (const bar of bars) printBar(bar)
}

function printComparison(name: string, { us, ratio, extraUs }: ProxyComparison): void {
  print(`    ${name.padEnd(9)} ${figures(us, 1)}   proxy / gateway ${figures(ratio, 2)}   more ${figures(extraUs, 1)}`)
}

function printBar({ name, atLeast: least, atMost: most, measured, unit, within }: Bar): void {
  const bar = least === undefined ? `≤ ${most}` : `≥ ${least}`
  const digits = measured < 10 ? 2 : 0
  print(
    `${`${name} ${bar}`.padEnd(88)}${`${measured.toFixed(digits)} ${unit}`.trimEnd().padStart(18)}  ${within ? 'yes' : 'NO'}`,
  )
}

function figures({ q1, median, q3 }: Quartiles, digits: number): string {
  return `${median.toFixed(digits).padStart(8)} [${q1.toFixed(digits)} … ${q3.toFixed(digits)}]`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
