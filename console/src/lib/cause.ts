/** What a cause says in a line: causes of failed jobs and executions are whole answers as JSON, with the reason somewhere inside. */
export function reasonIn(cause: string | undefined): string | undefined {
  try {
    const told = JSON.parse(cause ?? "") as { FailureReason?: unknown; Cause?: unknown } | null;
    const reason = told?.FailureReason ?? told?.Cause;
    return typeof reason === "string" && reason !== "" ? reason : undefined;
  } catch {
    return undefined; // it is a text
  }
}
