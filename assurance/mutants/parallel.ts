/** Runs `work` for every item, at most `atOnce` at a time; rejects with the first error, after those under way have ended. */
export async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, worker: number) => Promise<void>,
): Promise<void> {
  const waiting = [...items]
  const run = async (worker: number): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item, worker)
  }
  const workers = await Promise.allSettled(Array.from({ length: atOnce }, (_, worker) => run(worker)))
  const failed = workers.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
