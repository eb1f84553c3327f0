/** Which endpoints serve by which configuration: only each endpoint itself tells. */
import { useEffect, useState } from "react";
import { askEach } from "../../api/asked";
import { call, callAll } from "../../api/call";
import { read, useRead } from "../../api/watch";

/** Names of endpoints by the name of their configuration. */
export type Uses = ReadonlyMap<string, readonly string[]>;

async function readUses(signal: AbortSignal): Promise<Uses> {
  const endpoints = await callAll("sagemaker", "ListEndpoints", { MaxResults: 100 }, "NextToken", (page) => page.Endpoints);
  const uses = new Map<string, string[]>();
  const configOf = async (name: string) => (await call("sagemaker", "DescribeEndpoint", { EndpointName: name })).EndpointConfigName;
  const unread: string[] = [];
  await askEach(endpoints.map((one) => one.EndpointName), configOf, (name, config) => {
    if (config === null) unread.push(name);
    if (config) uses.set(config, [...(uses.get(config) ?? []), name]);
  }, signal);
  if (unread.length > 0) throw new Error(`Which configuration ${unread.join(", ")} serves by cannot be read, so none is known to be free.`);
  return uses;
}

/** Read again whenever an endpoint was made, changed or deleted. */
export function useUses(): { uses?: Uses; error?: unknown } {
  const { data, error } = useRead(read("sagemaker", "ListEndpoints", { MaxResults: 100, SortBy: "CreationTime", SortOrder: "Descending" }));
  const [found, setFound] = useState<{ uses?: Uses; error?: unknown }>({});
  const key = data?.Endpoints.map((one) => `${one.EndpointName} ${one.EndpointStatus} ${one.LastModifiedTime}`).join("\n");
  useEffect(() => {
    if (key === undefined) return;
    const end = new AbortController();
    const take = (next: typeof found) => {
      if (!end.signal.aborted) setFound(next);
    };
    readUses(end.signal).then((uses) => take({ uses }), (thrown: unknown) => take({ error: thrown }));
    return () => end.abort();
  }, [key]);
  return error && !found.uses ? { error } : found;
}
