/** Errors with a code: an application tells them apart by it, and not by their words. */

export interface Fields {
  readonly cause?: unknown
  readonly [name: string]: unknown
}

/** An error with a `code`, and with what else is known of it. `Kind`: which sort of error it is. */
export function coded<Sort extends Error = Error>(
  code: string,
  message: string,
  fields: Fields = {},
  Kind: new (message: string, options?: ErrorOptions) => Sort = Error as never,
): Sort & { readonly code: string } {
  const { cause, ...rest } = fields
  const error = cause === undefined ? new Kind(message) : new Kind(message, { cause })
  return Object.assign(error, rest, { code })
}
