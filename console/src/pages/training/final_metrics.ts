/** Last values of jobs' metrics, which lists do not tell. */
import { useAsked } from "../../api/asked";
import { call } from "../../api/call";
import { ofSession } from "../../api/of_session";

export type Finals = Readonly<Record<string, number>>;
const known = ofSession(new Map<string, Finals>());

async function finalsOf(name: string): Promise<Finals> {
  const { FinalMetricDataList: list = [] } = await call("sagemaker", "DescribeTrainingJob", { TrainingJobName: name });
  return Object.fromEntries(list.map((one) => [one.MetricName ?? "", one.Value ?? NaN]));
}

/** `ended` are names of jobs whose values will not change. */
export const useFinals = (ended: readonly string[]) => useAsked(known, ended, finalsOf);

/** The metrics worth a column: accuracies and losses first, at most `max`. */
export function columnsOf(finals: readonly (Finals | null | undefined)[], max = 3): string[] {
  const counts = new Map<string, number>();
  for (const one of finals) for (const name of Object.keys(one ?? {})) counts.set(name, (counts.get(name) ?? 0) + 1);
  const rank = (name: string) => (/acc/i.test(name) ? 0 : /loss/i.test(name) ? (/train/i.test(name) ? 2 : 1) : 3);
  return [...counts.keys()].sort((a, b) => rank(a) - rank(b) || counts.get(b)! - counts.get(a)! || a.localeCompare(b)).slice(0, max);
}
