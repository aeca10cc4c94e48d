import { readFileSync } from 'node:fs'

/** Whether a process runs. One that has ended but whose end nobody has taken note of yet (a zombie) does not. */
export function isRunning(pid: number): boolean {
  try {
    // proc(5): the state follows the name in brackets, which can itself contain anything.
    const state = /^.*\) (\w)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]
    return state !== 'Z' && state !== 'X'
  } catch {
    return false
  }
}
