/** A refusal of the server, or a call that never reached it (`status` 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: Record<string, string>;
  readonly requestId?: string;
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfter?: number;

  constructor(what: {
    status: number;
    code: string;
    message: string;
    detail?: Record<string, string>;
    requestId?: string;
    retryAfter?: number;
  }) {
    super(what.message);
    this.name = "ApiError";
    this.status = what.status;
    this.code = what.code;
    this.detail = what.detail ?? {};
    this.requestId = what.requestId;
    this.retryAfter = what.retryAfter;
  }

  /** The call never reached the server. */
  get isLost(): boolean {
    return this.status === 0;
  }
}

export const toApiError = (error: unknown): ApiError =>
  error instanceof ApiError
    ? error
    : new ApiError({
        status: 0,
        code: "CONSOLE_FAILED",
        message: error instanceof Error ? error.message : String(error),
      });

/** Reads the refusal out of an answer; proxies answer in their own forms. */
export async function readError(answer: Response): Promise<ApiError> {
  let body: { code?: string; message?: string; detail?: Record<string, string>; request_id?: string } = {};
  try {
    const read: unknown = await answer.json();
    if (read && typeof read === "object") body = read;
  } catch {
    // Not JSON: the status has to do.
  }
  const wait = Number(answer.headers.get("retry-after"));
  return new ApiError({
    status: answer.status,
    code: body.code ?? `HTTP_${answer.status}`,
    message: body.message ?? (answer.statusText || `HTTP ${answer.status}`),
    detail: body.detail,
    requestId: body.request_id ?? answer.headers.get("x-openstack-request-id") ?? undefined,
    retryAfter: Number.isFinite(wait) && wait > 0 ? wait : undefined,
  });
}
