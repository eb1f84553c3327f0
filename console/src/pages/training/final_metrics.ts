/** Last values of jobs' metrics, which lists do not tell: asked of each ended job once. */
import { useEffect, useState } from "react";
import { call } from "../../api/call";
import { ofSession } from "../../api/of_session";

export type Finals = Readonly<Record<string, number>>;
const known = ofSession(new Map<string, Finals>());
/** Descriptions asked for at a time, and for one list. */
const AT_ONCE = 4;
const JOBS_MAX = 60;

/** By job name; `ended` are names of jobs whose values will not change. */
export function useFinals(ended: readonly string[]): ReadonlyMap<string, Finals> {
  const [, tell] = useState(0);
  const key = ended.slice(0, JOBS_MAX).join(",");
  useEffect(() => {
    let stopped = false;
    const wanted = key.split(",").filter((name) => name && !known.has(name));
    const work = async () => {
      for (let name = wanted.shift(); name && !stopped; name = wanted.shift()) {
        // A job that may not be described, or is gone, has no values here; its own page says why.
        const job = await call("sagemaker", "DescribeTrainingJob", { TrainingJobName: name }).catch(() => undefined);
        if (stopped) return;
        const list = job?.FinalMetricDataList ?? [];
        known.set(name, Object.fromEntries(list.map((one) => [one.MetricName ?? "", one.Value ?? NaN])));
      }
      if (!stopped) tell((count) => count + 1);
    };
    void Promise.all(Array.from({ length: AT_ONCE }, work));
    return () => {
      stopped = true;
    };
  }, [key]);
  return known;
}

/** The metrics worth a column: accuracies and losses first, at most `max`. */
export function columnsOf(finals: readonly (Finals | undefined)[], max = 3): string[] {
  const counts = new Map<string, number>();
  for (const one of finals) for (const name of Object.keys(one ?? {})) counts.set(name, (counts.get(name) ?? 0) + 1);
  const rank = (name: string) => (/acc/i.test(name) ? 0 : /loss/i.test(name) ? (/train/i.test(name) ? 2 : 1) : 3);
  return [...counts.keys()].sort((a, b) => rank(a) - rank(b) || counts.get(b)! - counts.get(a)! || a.localeCompare(b)).slice(0, max);
}
