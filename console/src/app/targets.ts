/** What "go to anything" goes to: things found by their names, and what an ARN or a URI names. */
import { useEffect, useState } from "react";
import { call } from "../api/call";
import { ApiError } from "../api/http";
import { nameOf, partsOfArn, plainMachineArn } from "../lib/arn";
import { s3Place } from "../lib/s3_uri";
import type { IconName } from "../ui/icon";
import { useSettled } from "../ui/settled";
import { links } from "./router";

export interface Target { name: string; kind: string; icon: IconName; href: string }

type List = (word: string | undefined, signal: AbortSignal) => Promise<Target[]>;

/** `searched`: the service looks for a part of a name; else all there are are listed, once. */
interface Source { kind: string; searched?: boolean; list: List }

const SHOWN_MAX = 30;
const LISTED_MAX = 1000;
const FOUND_MAX = 100;
/** Executions are listed by machine: the last ones of the machines that were made last are looked at. */
const MACHINES_MAX = 10;

const target = (kind: string, icon: IconName, href: (name: string) => string) => (name = ""): Target => ({ name, kind, icon, href: href(name) });
const machine = (arn: string): Target => ({ name: nameOf(plainMachineArn(arn)), kind: "State machine", icon: "workflows", href: links.machine(arn) });
const execution = (arn: string): Target => ({ name: nameOf(arn), kind: `Execution of ${arn.split(":").at(-2)}`, icon: "workflows", href: links.execution(arn) });
const activity = target("Activity", "workflows", () => links.activities);
const job = target("Training job", "training", links.job);
const endpoint = target("Endpoint", "endpoints", links.endpoint);
const model = target("Model", "endpoints", links.model);
const notebook = target("Notebook instance", "notebook", links.notebook);
const bucket = target("Bucket", "storage", links.objects);
const role = target("Role", "iam", links.role);
const user = target("User", "iam", links.user);
const policy = (arn = ""): Target => ({ name: nameOf(arn), kind: "Policy", icon: "iam", href: links.policy(arn) });

const newestFirst = { MaxResults: FOUND_MAX, SortBy: "CreationTime", SortOrder: "Descending" } as const;
const named = (word: string | undefined) => ({ ...newestFirst, ...(word === undefined ? {} : { NameContains: word }) });

async function machines(signal: AbortSignal) {
  return (await call("states", "ListStateMachines", { maxResults: LISTED_MAX }, signal)).stateMachines;
}

async function executions(signal: AbortSignal): Promise<Target[]> {
  const newest = (await machines(signal)).sort((a, b) => b.creationDate - a.creationDate).slice(0, MACHINES_MAX);
  const pages = await Promise.all(newest.map(({ stateMachineArn }) => call("states", "ListExecutions", { stateMachineArn, maxResults: FOUND_MAX }, signal)));
  return pages.flatMap((page) => page.executions.map(({ executionArn }) => execution(executionArn)));
}

const SOURCES: readonly Source[] = [
  { kind: "State machine", list: async (_, signal) => (await machines(signal)).map(({ stateMachineArn }) => machine(stateMachineArn)) },
  { kind: "Training job", searched: true, list: async (word, signal) =>
    (await call("sagemaker", "ListTrainingJobs", named(word), signal)).TrainingJobSummaries.map((one) => job(one.TrainingJobName)) },
  { kind: "Endpoint", searched: true, list: async (word, signal) =>
    (await call("sagemaker", "ListEndpoints", named(word), signal)).Endpoints.map((one) => endpoint(one.EndpointName)) },
  { kind: "Model", searched: true, list: async (word, signal) =>
    (await call("sagemaker", "ListModels", named(word), signal)).Models.map((one) => model(one.ModelName)) },
  { kind: "Notebook instance", searched: true, list: async (word, signal) =>
    ((await call("sagemaker", "ListNotebookInstances", { ...named(word), SortBy: "CreationTime" }, signal)).NotebookInstances ?? [])
      .map((one) => notebook(one.NotebookInstanceName)) },
  { kind: "Bucket", list: async (_, signal) => ((await call("s3", "ListBuckets", {}, signal)).Buckets ?? []).map(({ Name }) => bucket(Name)) },
  { kind: "Role", list: async (_, signal) => (await call("iam", "ListRoles", { MaxItems: LISTED_MAX }, signal)).Roles.map(({ RoleName }) => role(RoleName)) },
  { kind: "User", list: async (_, signal) => (await call("iam", "ListUsers", { MaxItems: LISTED_MAX }, signal)).Users.map(({ UserName }) => user(UserName)) },
  { kind: "Policy", list: async (_, signal) => ((await call("iam", "ListPolicies", { MaxItems: LISTED_MAX }, signal)).Policies ?? []).map(({ Arn }) => policy(Arn)) },
  { kind: "Execution", list: (_, signal) => executions(signal) },
];

const wordsOf = (text: string) => text.toLowerCase().split(/\s+/).filter(Boolean);

/** What a service is asked for: the longest word that does not say what kind of thing it is. */
export function askedOf(text: string, kind: string): string | undefined {
  return wordsOf(text).filter((word) => !kind.toLowerCase().includes(word)).sort((a, b) => b.length - a.length)[0];
}

/** SageMaker's names; it refuses to look for anything else. */
const NAME = /^[a-z0-9-]{1,63}$/;

/** Looks for things as long as a reader does: what is listed whole is listed once. */
export class Finder {
  private readonly listed = new Map<Source, Promise<Target[]>>();

  constructor(private readonly sources = SOURCES) {}

  /** `tell` gets what was found, source by source. Returns what went wrong; what may not be listed is left out. */
  async find(text: string, signal: AbortSignal, tell: (found: readonly Target[], source: number) => void): Promise<unknown> {
    const done = await Promise.allSettled(this.sources.map(async (source, index) => {
      const found = await this.ask(source, text, signal);
      if (!signal.aborted) tell(found, index);
    }));
    return done.map((one) => (one.status === "rejected" ? one.reason as unknown : undefined)).find((error) => error !== undefined && !(error instanceof ApiError && error.denied));
  }

  private ask(source: Source, text: string, signal: AbortSignal): Promise<Target[]> {
    if (!source.searched) return this.whole(source);
    const word = askedOf(text, source.kind);
    return word === undefined || NAME.test(word) ? source.list(word, signal) : Promise.resolve([]);
  }

  /** A reader who types on waits for the same list; one that did not come is asked for again. */
  private whole(source: Source): Promise<Target[]> {
    const before = this.listed.get(source);
    if (before) return before;
    const list = source.list(undefined, new AbortController().signal);
    this.listed.set(source, list);
    list.catch(() => this.listed.delete(source));
    return list;
  }
}

interface Looked { found: readonly (readonly Target[])[]; text: string | undefined; error?: unknown }

/** All that has been found so far, be it for what was typed before: `matching` says what of it is wanted. */
export function useTargets(text: string): { targets: readonly Target[]; looking: boolean; error: unknown } {
  const [finder] = useState(() => new Finder());
  const [looked, setLooked] = useState<Looked>({ found: [], text: undefined });
  const settled = useSettled(text);
  useEffect(() => {
    const control = new AbortController();
    const tell = (found: readonly Target[], source: number) => setLooked((old) => ({ ...old, found: joined(old.found, found, source) }));
    void finder.find(settled, control.signal, tell).then((error) => {
      if (!control.signal.aborted) setLooked((old) => ({ ...old, text: settled, error }));
    });
    return () => control.abort();
  }, [finder, settled]);
  return { targets: looked.found.flat(), looking: looked.text !== text, error: looked.error };
}

/** With what another answer of one source brings. */
function joined(all: readonly (readonly Target[])[], found: readonly Target[], source: number): readonly (readonly Target[])[] {
  const own = new Map([...(all[source] ?? []), ...found].map((one) => [one.href, one]));
  return SOURCES.map((_, index) => (index === source ? [...own.values()] : all[index] ?? []));
}

/**
 * Those that every word stands in the name or the kind of. First come those whose name begins with the first word,
 * then those whose name has them all.
 */
export function matching<T extends { name: string; kind: string }>(all: readonly T[], text: string): T[] {
  const words = wordsOf(text);
  const rank = ({ name, kind }: T) => {
    const [own, both] = [name.toLowerCase(), `${name} ${kind}`.toLowerCase()];
    if (!words.every((word) => both.includes(word))) return undefined;
    return words[0] === undefined || own.startsWith(words[0]) ? 0 : words.every((word) => own.includes(word)) ? 1 : 2;
  };
  return all.flatMap((one) => {
    const of = rank(one);
    return of === undefined ? [] : [{ one, of }];
  }).sort((a, b) => a.of - b.of).slice(0, SHOWN_MAX).map(({ one }) => one);
}

const BY_TYPE: Readonly<Record<string, (rest: string, arn: string) => Target>> = {
  "states stateMachine": (_, arn) => machine(arn),
  "states execution": (_, arn) => execution(arn),
  "states activity": activity,
  "sagemaker training-job": job,
  "sagemaker endpoint": endpoint,
  "sagemaker model": model,
  "iam role": (path) => role(nameOf(path)),
  "iam user": (path) => user(nameOf(path)),
  "iam policy": (_, arn) => policy(arn),
  "sts assumed-role": (path) => role(path.split("/")[0]),
};

/** What an ARN or an S3 URI names, if there is a page of it. */
export function targetOf(text: string): Target | undefined {
  const address = text.trim();
  const { service, resource = "" } = partsOfArn(address) ?? {};
  const place = s3Place(service === "s3" ? `s3://${resource}` : address);
  if (place) return place.key === "" ? bucket(place.bucket) : { name: `${place.bucket}/${place.key}`, kind: "Object", icon: "file", href: links.objects(place.bucket, place.key) };
  const [, type = "", rest = ""] = /^([^:/]+)[:/](.+)$/s.exec(resource) ?? [];
  return BY_TYPE[`${service} ${type}`]?.(rest, address);
}
