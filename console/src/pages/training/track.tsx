/** The job's way through its statuses, with times. */
import type { SecondaryStatusTransition } from "@types-of/sagemaker";
import { duration, exactTime } from "../../lib/format";
import { clock } from "../../logs/lines";
import { Mark, words, type Tone } from "../../ui/status";
import { useNow } from "../../ui/time";
import { legsOf, type Leg } from "./legs";

const TONES: Record<Leg["kind"], Tone> = { done: "good", now: "running", end: "good", failed: "bad", stopped: "idle" };

export function Track({ transitions }: { transitions: readonly SecondaryStatusTransition[] }) {
  const legs = legsOf(transitions, useNow());
  return (
    <ol className="track" aria-label="Statuses of the job">
      {legs.map((leg, index) => (
        <li key={`${index} ${leg.status}`} className={`${TONES[leg.kind]} ${leg.kind}`} style={{ flexGrow: Math.max(leg.share, 0.02) }}
          title={`${leg.message ?? leg.status}\n${exactTime(leg.start)}`} aria-current={leg.kind === "now" ? "step" : undefined}>
          <span className="track-bar" />
          <span className="track-name"><Mark tone={TONES[leg.kind]} ended={leg.kind === "stopped"} size={10} />{words(leg.status)}</span>
          <span className="small soft">{["end", "failed", "stopped"].includes(leg.kind) ? clock(leg.start * 1000).slice(0, 8) : duration(leg.seconds)}</span>
        </li>
      ))}
    </ol>
  );
}
