/** Inputs that executions had, for another one to begin with. */

export interface Earlier<T> { inputs: readonly (T & { input: string })[]; error?: unknown }

/** Each input once, by who had it last; `executions` are newest first. The first refusal is kept beside what could be read. */
export async function earlierInputs<T extends object>(executions: readonly T[], inputOf: (one: T) => Promise<string | undefined>): Promise<Earlier<T>> {
  const asked = await Promise.allSettled(executions.map(async (one) => ({ ...one, input: (await inputOf(one)) ?? "" })));
  const refused = asked.find((one) => one.status === "rejected");
  const seen = new Set<string>();
  const inputs = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []))
    .filter(({ input }) => input !== "" && !seen.has(input) && seen.add(input));
  return { inputs, ...(refused && { error: refused.reason as unknown }) };
}
