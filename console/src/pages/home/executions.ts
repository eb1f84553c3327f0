/**
 * Executions of all state machines that run or failed lately: ListExecutions is by machine, and a stream takes so
 * many reads. Those of the newest machines are live; the others' are asked for from time to time.
 */
import { call } from "../../api/call";
import type { ApiError } from "../../api/http";
import { useReads } from "../../api/reads";
import { useRounds } from "../../api/rounds";
import type { Output } from "../../api/services";
import { read, READS_MAX } from "../../api/watch";
import type { Execution } from "./work";

/** What is asked of each machine: all that runs, and of what failed enough to find what ended last. */
const ASKED = [
  { statusFilter: "RUNNING", maxResults: 100 },
  { statusFilter: "FAILED", maxResults: 20 },
  { statusFilter: "TIMED_OUT", maxResults: 20 },
] as const;
/** Leaves room for what else Home watches. */
const LIVE_MACHINES = Math.floor((READS_MAX - 14) / ASKED.length);

type Page = Output<"states", "ListExecutions">;

export interface Found {
  executions: Execution[];
  /** More run than were asked for. */
  more: boolean;
}

export interface Executions extends Found {
  /** Some machines have not been asked yet. */
  loading: boolean;
  errors: ApiError[];
}

export function useExecutions(machines: readonly string[]): Executions {
  const [live, others] = [machines.slice(0, LIVE_MACHINES), machines.slice(LIVE_MACHINES)];
  const watched = useReads(live.flatMap((stateMachineArn) => ASKED.map((one) => read("states", "ListExecutions", { stateMachineArn, ...one }))));
  const asked = useRounds(others, latestOf);
  return together([
    ...watched.map((one, index) => ({ ...one, data: one.data && found([one.data], index % ASKED.length === 0) })),
    ...others.map((arn) => asked.get(arn) ?? { loading: true }),
  ]);
}

interface Answer { data?: Found | undefined; error?: ApiError | undefined; loading: boolean }

/** What is known of all of them. A machine that is gone by now has none, and nothing is wrong with that. Pure. */
export function together(answers: readonly Answer[]): Executions {
  return {
    executions: answers.flatMap(({ data }) => data?.executions ?? []),
    more: answers.some(({ data }) => data?.more === true),
    loading: answers.some(({ loading }) => loading),
    errors: answers.flatMap(({ error }) => (error && error.code !== "StateMachineDoesNotExist" ? error : [])),
  };
}

/** Of pages of which the first one tells what runs, if one does: of what failed nobody wants all. */
const found = (pages: readonly Page[], ofRunning = true): Found => ({
  executions: pages.flatMap(({ executions }) => executions), more: ofRunning && pages[0]?.nextToken !== undefined,
});

/** Most machines have few executions: one answer has them all. */
async function latestOf(stateMachineArn: string, signal: AbortSignal): Promise<Found> {
  const newest = await call("states", "ListExecutions", { stateMachineArn, maxResults: 100 }, signal);
  if (newest.nextToken === undefined) return found([newest]);
  return found(await Promise.all(ASKED.map((one) => call("states", "ListExecutions", { stateMachineArn, ...one }, signal))));
}
