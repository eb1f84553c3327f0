/** What runs and what failed: executions and jobs in one list each. */
import type { Output } from "../../api/services";
import { links } from "../../app/router";
import { nameOf } from "../../lib/arn";

export type Execution = Output<"states", "ListExecutions">["executions"][number];
export type Job = Output<"sagemaker", "ListTrainingJobs">["TrainingJobSummaries"][number];

export interface Work {
  key: string;
  name: string;
  href: string;
  kind: "execution" | "job";
  status: string;
  /** Which state machine; what a job says of itself. */
  about: string;
  from: number;
  to?: number | undefined;
}

export function ofExecution(one: Execution): Work {
  return {
    key: one.executionArn, name: one.name, href: links.execution(one.executionArn), kind: "execution", status: one.status,
    about: nameOf(one.stateMachineArn), from: one.startDate, to: one.stopDate,
  };
}

export function ofJob(one: Job, message = ""): Work {
  return {
    key: one.TrainingJobArn, name: one.TrainingJobName, href: links.job(one.TrainingJobName), kind: "job", status: one.TrainingJobStatus,
    about: message || one.SecondaryStatus || "", from: one.CreationTime, to: one.TrainingEndTime,
  };
}

const FAILED = new Set(["FAILED", "TIMED_OUT", "Failed"]);
const RUNS = new Set(["RUNNING", "PENDING_REDRIVE", "InProgress", "Stopping"]);

/** The newest first. */
export function running(all: readonly Work[]): Work[] {
  return unique(all).filter(({ status }) => RUNS.has(status)).sort((a, b) => b.from - a.from);
}

/** Those that ended last come first. */
export function failed(all: readonly Work[], most: number): Work[] {
  return unique(all).filter(({ status }) => FAILED.has(status)).sort((a, b) => (b.to ?? b.from) - (a.to ?? a.from)).slice(0, most);
}

/** A thing may be in two answers (what runs, what is newest): it is one thing. */
function unique(all: readonly Work[]): Work[] {
  return [...new Map(all.map((one) => [one.key, one])).values()];
}

/** When the first of the last days began, in the reader's own zone; `now` in epoch seconds, as all times. */
export function sinceOf(now: number, days: number): number {
  const day = new Date(now * 1000);
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() - days + 1);
  return day.getTime() / 1000;
}

/** How many ended or began on each of the last days, the oldest first; days in the reader's own zone. */
export function byDay(times: readonly number[], now: number, days: number): number[] {
  const counts = new Array<number>(days).fill(0);
  const midnight = new Date(now * 1000);
  midnight.setHours(0, 0, 0, 0);
  for (const time of times) {
    const day = new Date(time * 1000);
    day.setHours(0, 0, 0, 0);
    const age = Math.round((midnight.getTime() - day.getTime()) / 86_400_000);
    if (age >= 0 && age < days) counts[days - 1 - age]! += 1;
  }
  return counts;
}
