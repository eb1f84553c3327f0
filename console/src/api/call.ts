/** Operations of the services, called as the session's principal. */
import type { Input, OperationName, Output, ServiceName } from "./services";
import { postJson } from "./http";

export async function call<S extends ServiceName, O extends OperationName<S>>(
  service: S,
  operation: O,
  input: Input<S, O>,
  signal?: AbortSignal,
): Promise<Output<S, O>> {
  const response = await postJson(`/call/${service}/${operation}`, input, signal);
  return (await response.json()) as Output<S, O>;
}

/**
 * All items of a paged operation: `token` names the member that leads on, in input and output alike
 * (`nextToken`, `NextToken`). Stops at `max` items.
 */
export async function callAll<S extends ServiceName, O extends OperationName<S>, T>(
  service: S,
  operation: O,
  input: Input<S, O>,
  token: keyof Input<S, O> & keyof Output<S, O> & string,
  items: (output: Output<S, O>) => T[] | undefined,
  max = 10_000,
): Promise<T[]> {
  const all: T[] = [];
  let page = input;
  for (;;) {
    const output = await call(service, operation, page);
    all.push(...(items(output) ?? []));
    const next = output[token];
    if (!next || all.length >= max) return all.slice(0, max);
    page = { ...(page as object), [token]: next } as Input<S, O>;
  }
}
