/** Training jobs: those that run, those that failed lately, and all of the last days. */
import { useEffect } from "react";
import { call } from "../../api/call";
import { usePages } from "../../api/pages";
import { useReads } from "../../api/reads";
import { read, useRead } from "../../api/watch";
import type { Job } from "./work";

/** Jobs whose own words are watched: the newest that run. */
const TOLD_JOBS = 3;
/** More of the last days are not counted. */
export const COUNTED_MAX = 10_000;
/** After a page of them could not be read. */
const AGAIN_MS = 5000;

const NEWEST = { MaxResults: 100, SortBy: "CreationTime", SortOrder: "Descending" } as const;
const NEWEST_JOBS = read("sagemaker", "ListTrainingJobs", NEWEST);
/** A job may run or have failed that is not among the newest. */
const OTHERS = (["InProgress", "Stopping", "Failed"] as const).map((StatusEquals) => read("sagemaker", "ListTrainingJobs", { ...NEWEST, StatusEquals }));

/** All jobs that were made since then, and a few more. */
function useJobsSince(since: number) {
  const first = useRead(NEWEST_JOBS);
  const list = usePages(first, "jobs", (page) => page.TrainingJobSummaries, (page) => page.NextToken,
    (job) => job.TrainingJobName, (NextToken) => call("sagemaker", "ListTrainingJobs", { ...NEWEST, NextToken }));
  const { rows = [], more, busy, error } = list;
  const wanted = !busy && rows.length < COUNTED_MAX && (rows.at(-1)?.CreationTime ?? 0) >= since;
  useEffect(() => {
    if (!wanted || !more) return;
    const timer = setTimeout(more, error === undefined ? 0 : AGAIN_MS);
    return () => clearTimeout(timer);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- it is another function at each rendering
  }, [wanted, rows.length, error]);
  return { ...list, first };
}

export function useJobs(since: number) {
  const { rows, more, first } = useJobsSince(since);
  const others = useReads(OTHERS);
  const [runs] = others;
  return {
    /** The newest ones. */
    listed: rows, hasOlder: more !== undefined,
    all: [...(rows ?? []), ...others.flatMap(({ data }): Job[] => data?.TrainingJobSummaries ?? [])],
    messages: useMessages(runs?.data?.TrainingJobSummaries.map(({ TrainingJobName }) => TrainingJobName) ?? []),
    /** More run than are listed. */
    moreRun: runs?.data?.NextToken !== undefined,
    loading: first.loading || others.some(({ loading }) => loading),
    errors: [first, ...others].flatMap(({ error }) => error ?? []),
  };
}

/** What running jobs say of themselves last: "Training image download completed.", "epoch 3/6". */
function useMessages(names: readonly string[]): ReadonlyMap<string, string> {
  const told = names.slice(0, TOLD_JOBS);
  const answers = useReads(told.map((TrainingJobName) => read("sagemaker", "DescribeTrainingJob", { TrainingJobName })));
  return new Map(answers.flatMap(({ data }) => {
    const last = data?.SecondaryStatusTransitions?.at(-1);
    return data && last ? [[data.TrainingJobName, last.StatusMessage || last.Status] as const] : [];
  }));
}
