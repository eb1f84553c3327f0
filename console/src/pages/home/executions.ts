/**
 * Executions of all state machines: ListExecutions is by machine, and a stream takes so many reads.
 * Those of the newest machines are live; the others' are asked for from time to time.
 */
import { useEffect, useState } from "react";
import { call } from "../../api/call";
import { useReads } from "../../api/reads";
import { read, READS_MAX } from "../../api/watch";
import type { Execution } from "./work";

/** Leaves room for what else Home watches. */
const LIVE_MACHINES = READS_MAX - 14;
const OTHERS_MAX = 100;
const OTHERS_MS = 10_000;
/** Of each machine: enough to find what runs and what failed lately. */
const LATEST = 20;

export function useExecutions(machines: readonly string[]): { executions: Execution[]; loading: boolean } {
  const live = useReads(machines.slice(0, LIVE_MACHINES).map((stateMachineArn) => read("states", "ListExecutions", { stateMachineArn, maxResults: LATEST })));
  const others = useOthers(machines.slice(LIVE_MACHINES, LIVE_MACHINES + OTHERS_MAX));
  return {
    executions: [...live.flatMap(({ data }) => data?.executions ?? []), ...others],
    loading: live.some(({ loading }) => loading),
  };
}

function useOthers(machines: readonly string[]): readonly Execution[] {
  const [found, setFound] = useState<readonly Execution[]>([]);
  const key = machines.join("\n");
  useEffect(() => {
    const arns = key === "" ? [] : key.split("\n");
    const control = new AbortController();
    const look = async () => {
      const all: Execution[] = [];
      for (const stateMachineArn of arns) {
        // A machine that was just deleted, or may not be read, has none.
        const page = await call("states", "ListExecutions", { stateMachineArn, maxResults: LATEST }, control.signal).catch(() => undefined);
        all.push(...(page?.executions ?? []));
      }
      if (!control.signal.aborted) setFound(all);
    };
    if (arns.length > 0) void look();
    const timer = arns.length > 0 ? setInterval(() => document.visibilityState === "visible" && void look(), OTHERS_MS) : undefined;
    return () => {
      control.abort();
      clearInterval(timer);
    };
  }, [key]);
  return key === "" ? [] : found;
}
