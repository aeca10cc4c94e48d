/** An error with the status and the `type` that OpenAI's API gives it. Its message never repeats what the client sent. */
export class ApiError extends Error {
  readonly status: number
  readonly type: string
  readonly code: string | null
  readonly param: string | null

  constructor(status: number, code: string | null, message: string, param: string | null = null) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.type = status < 500 ? 'invalid_request_error' : 'server_error'
    this.code = code
    this.param = param
  }

  toJSON(): { error: { message: string; type: string; param: string | null; code: string | null } } {
    return { error: { message: this.message, type: this.type, param: this.param, code: this.code } }
  }
}
