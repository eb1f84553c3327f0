/**
 * One job of several that are shown together: reads it, and the figures in its log where it records none. Shows
 * nothing itself; a page has a source for each of its jobs, however many there are.
 */
import { useEffect, useMemo } from "react";
import type { DescribeTrainingJobResponse } from "@types-of/sagemaker";
import { read, useRead } from "../../api/watch";
import { useLogs } from "../../logs/use_logs";
import type { Series } from "../../plot/series";
import { hostOf, JOB_LOGS } from "./job";
import { Figures } from "./log_metrics";

export interface Sourced {
  job?: DescribeTrainingJobResponse;
  error?: unknown;
  /** By figure, the first host's. */
  figures?: ReadonlyMap<string, Series>;
}

export function JobSource({ name, onChange }: { name: string; onChange: (name: string, part: Sourced) => void }) {
  const { data: job, error } = useRead(read("sagemaker", "DescribeTrainingJob", { TrainingJobName: name }));
  useEffect(() => {
    if (job) onChange(name, { job });
    else if (error) onChange(name, { error });
  }, [name, job, error, onChange]);
  const recorded = (job?.AlgorithmSpecification?.MetricDefinitions ?? []).length > 0;
  return job && !recorded ? <LogFigures name={name} onChange={onChange} /> : null;
}

function LogFigures({ name, onChange }: { name: string; onChange: (name: string, part: Sourced) => void }) {
  const { lines } = useLogs(JOB_LOGS, `${name}/`);
  const reader = useMemo(() => new Figures(hostOf), []);
  useEffect(() => {
    const figures = [...reader.take(lines)].flatMap(([figure, [first]]) => (first ? [[figure, first] as const] : []));
    onChange(name, { figures: new Map(figures) });
  }, [name, reader, lines, onChange]);
  return null;
}
