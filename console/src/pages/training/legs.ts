/** The way of a job through its secondary statuses. Pure. */
import type { SecondaryStatusTransition } from "@types-of/sagemaker";

export interface Leg {
  status: string;
  start: number; // epoch seconds
  seconds: number;
  message: string | undefined;
  kind: "done" | "now" | "failed" | "stopped" | "end";
  /** Share of the track's width; legs that took no time have the least. */
  share: number;
}

/** Statuses that a job ends in. */
const ENDS: Readonly<Record<string, Leg["kind"]>> = {
  Completed: "end", Failed: "failed", Stopped: "stopped", MaxRuntimeExceeded: "stopped", MaxWaitTimeExceeded: "stopped", Interrupted: "stopped",
};

/**
 * Legs in order. Widths go by the root of the time: a job of hours still shows its seconds of downloading.
 * `now` counts for what has no end yet.
 */
export function legsOf(transitions: readonly SecondaryStatusTransition[], now: number): Leg[] {
  const legs = transitions.map((one): Leg => {
    const end = ENDS[one.Status];
    const seconds = end ? 0 : Math.max(0, (one.EndTime ?? now) - one.StartTime);
    return {
      status: one.Status, start: one.StartTime, seconds, message: one.StatusMessage,
      kind: end ?? (one.EndTime === undefined ? "now" : "done"), share: Math.sqrt(seconds),
    };
  });
  const total = legs.reduce((sum, leg) => sum + leg.share, 0);
  return legs.map((leg) => ({ ...leg, share: total === 0 ? 1 / legs.length : leg.share / total }));
}
