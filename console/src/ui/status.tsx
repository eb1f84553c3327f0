/** The five states that everything here is in, each by colour and by shape. */

export type Tone = "running" | "good" | "bad" | "caught" | "idle";

/** AWS's words for states of executions, jobs, endpoints, log lines and states of a machine. */
const TONES: Record<string, Tone> = {
  RUNNING: "running", InProgress: "running", Creating: "running", Updating: "running", SystemUpdating: "running",
  RollingBack: "running", Pending: "running", Stopping: "running", Deleting: "running", PENDING_REDRIVE: "caught",
  SUCCEEDED: "good", Completed: "good", InService: "good", ACTIVE: "good", Active: "good", succeeded: "good",
  FAILED: "bad", Failed: "bad", TIMED_OUT: "bad", OutOfService: "bad", failed: "bad", UpdateRollbackFailed: "bad",
  caught: "caught", running: "running", aborted: "idle", pending: "idle",
  ABORTED: "idle", Stopped: "idle", DELETING: "running", Inactive: "idle",
};

/** "TIMED_OUT" → "Timed out", "InService" → "In service". */
export function words(status: string): string {
  const spaced = status.includes("_") || status === status.toUpperCase()
    ? status.toLowerCase().replaceAll("_", " ")
    : status.replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

export function toneOf(status: string): Tone {
  return TONES[status] ?? "idle";
}

/** The mark alone: ◐ ● ▲ ◆ ○ ■. */
export function Mark({ tone, ended = false, size = 12 }: { tone: Tone; ended?: boolean; size?: number }) {
  return (
    <svg viewBox="0 0 12 12" width={size} height={size} aria-hidden="true">
      {tone === "running" && (
        <>
          <circle cx="6" cy="6" r="4.6" fill="none" stroke="currentColor" strokeWidth="1.6" />
          <path d="M6 1.4a4.6 4.6 0 0 1 0 9.2z" fill="currentColor" />
        </>
      )}
      {tone === "good" && <circle cx="6" cy="6" r="5" fill="currentColor" />}
      {tone === "bad" && <path d="M6 .8 11.6 10.8H.4z" fill="currentColor" />}
      {tone === "caught" && <path d="M6 .6 11.4 6 6 11.4.6 6z" fill="currentColor" />}
      {tone === "idle" && (ended
        ? <rect x="1.5" y="1.5" width="9" height="9" rx="1" fill="currentColor" />
        : <circle cx="6" cy="6" r="4.6" fill="none" stroke="currentColor" strokeWidth="1.6" />)}
    </svg>
  );
}

export function Status({ status, label }: { status: string; label?: string }) {
  const tone = toneOf(status);
  const ended = ["ABORTED", "Stopped", "aborted"].includes(status);
  return (
    <span className={`status ${tone}`}>
      <Mark tone={tone} ended={ended} />
      {label ?? words(status)}
    </span>
  );
}
