/** Name of the database, and of what the encryption of its records covers. */
export const NAME = 'blindllama-chat'

/** Whether an earlier visit began a history. Makes no database, and loads nothing. */
export async function hasHistory(): Promise<boolean> {
  try {
    const all = await indexedDB.databases()
    return all.some(({ name }) => name === NAME)
  } catch {
    // A browser that refuses storage has none.
    return false
  }
}
