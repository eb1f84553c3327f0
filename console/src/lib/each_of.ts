/** The same to each of several things, one after the other: one that fails does not keep it from the next. */

/**
 * `onDone` hears how many have been tried; once `signal` is aborted no further one is. Throws the first failure, which
 * tells how many there were where several were tried.
 */
export async function eachOf<T>(
  all: readonly T[], work: (one: T) => Promise<unknown>, onDone: (count: number) => void, signal: AbortSignal,
): Promise<void> {
  const failures: unknown[] = [];
  for (const [index, one] of all.entries()) {
    signal.throwIfAborted();
    await work(one).catch((error: unknown) => failures.push(error));
    onDone(index + 1);
  }
  const [first] = failures;
  if (first === undefined) return;
  if (first instanceof Error && all.length > 1) first.message = `${failures.length} of ${all.length} failed, the first with: ${first.message}`;
  throw first;
}
