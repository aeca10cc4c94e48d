import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { Staging } from '../../services/staging/staging.ts'

/** Processor time, in ms, that the model server uses within the next `periodMs`. */
export async function workOf({ processes }: Staging, periodMs: number): Promise<number> {
  const before = await processorTime(processes.modelServer?.pid)
  await setTimeout(periodMs)
  return (await processorTime(processes.modelServer?.pid)) - before
}

/** proc(5): fields 14 and 15 of /proc/PID/stat, in ticks of 10 ms, user and system. */
async function processorTime(pid: number | undefined): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return 10 * (Number(fields[11]) + Number(fields[12]))
}
