/** The only way to the server: a client typed by the generated OpenAPI schema. */
import createClient from "openapi-fetch";
import type { components, paths } from "@/api/schema";

export type Schemas = components["schemas"];

export const api = createClient<paths>({
  baseUrl: typeof window === "undefined" ? "http://localhost" : window.location.origin,
  credentials: "same-origin",
  querySerializer: { array: { style: "form", explode: true } },
});

/** A refusal or failure as the server words it: what happened, and what to do. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;
  readonly field: string | undefined;
  readonly details: unknown;

  constructor(status: number, body: Partial<Schemas["Error"]>) {
    super(body.message ?? "The server could not answer");
    this.name = "ApiError";
    this.status = status;
    this.code = body.code ?? "unknown";
    this.hint = body.hint;
    this.field = body.field;
    this.details = body.details;
  }

  get isUnreachable(): boolean {
    return this.code === "unreachable";
  }
}

interface Answered<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Return the data of an answer; throw ApiError for a refusal, a failure or no answer at all. */
export async function answer<T>(asked: Promise<Answered<T>>): Promise<T> {
  let answered: Answered<T>;
  try {
    answered = await asked;
  } catch {
    throw new ApiError(0, {
      code: "unreachable",
      message: "Bursar does not answer",
      hint: "Nothing was changed. The page asks again by itself once the server is back.",
    });
  }
  if (!answered.response.ok) {
    const given = answered.error;
    throw new ApiError(answered.response.status, typeof given === "object" && given ? given : {});
  }
  return answered.data as T;
}

/** A key for one intent to write: asked twice, it is carried out once. */
export function newIdempotencyKey(): string {
  // randomUUID exists on https and loopback only; a server in a home network may have neither.
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16)).join(
    "-",
  );
}
