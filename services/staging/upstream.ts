/** How long a server elsewhere may take to list its models, in ms. */
const patienceMs = 10_000

/**
 * Asks an OpenAI-compatible server for its models and returns the first, which the page names in each request.
 *
 * What people pass by mistake is told in one sentence: the address that was asked, what it answered, and what to do.
 *
 * @throws {Error}
 */
export async function firstModel(upstream: string): Promise<string> {
  const base = upstream.replace(/\/$/, '')
  const address = `${base}/v1/models`
  const refused = (what: string): Error => new Error(`--upstream ${upstream}: ${address} ${what}`)
  const withoutVersion = base.endsWith('/v1') ? `; leave out the /v1 at its end: --upstream ${base.slice(0, -3)}` : ''
  let answer: Response
  try {
    answer = await fetch(address, { signal: AbortSignal.timeout(patienceMs), redirect: 'manual' })
  } catch (error) {
    throw refused(`${unreachable(error)}; start the server first, or correct the address${withoutVersion}`)
  }
  const { status } = answer
  if (status === 401 || status === 403)
    throw refused(
      `answers ${status}: the server asks for an API key; start it without one, as npm start passes none on`,
    )
  if (!answer.ok)
    throw refused(`answers ${status}${withoutVersion || '; name the base address of an OpenAI-compatible server'}`)
  const [id] = await modelsIn(answer)
  if (typeof id !== 'string')
    throw refused(
      `answers ${status} with ${kindOf(answer)} that lists no model; name the base address of an OpenAI-compatible server${withoutVersion}`,
    )
  return id
}

function unreachable(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: unknown } }
  if (name === 'TimeoutError') return `does not answer within ${patienceMs / 1000} s`
  return `cannot be reached${typeof cause?.code === 'string' ? ` (${cause.code})` : ''}`
}

async function modelsIn(answer: Response): Promise<unknown[]> {
  const body = (await answer.json().catch(() => undefined)) as { data?: { id?: unknown }[] } | null | undefined
  return Array.isArray(body?.data) ? body.data.map((model) => model?.id) : []
}

function kindOf(answer: Response): string {
  return answer.headers.get('content-type')?.split(';')[0] ?? 'a body without a type'
}
