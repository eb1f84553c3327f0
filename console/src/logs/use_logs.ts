/** The logs of a group's streams, all of them, kept up to date. */
import { useEffect, useMemo, useState } from "react";
import { call } from "../api/call";
import { ApiError } from "../api/http";
import { read, useRead } from "../api/watch";
import type { LogLine } from "./lines";
import { LogReader, type EventPage, type Source } from "./reader";

export interface Logs {
  readonly lines: readonly LogLine[];
  readonly streams: readonly string[];
  /** How many of the oldest lines are not kept. */
  readonly dropped: number;
  readonly loading: boolean;
  readonly error?: unknown;
}

/** What the reader has brought so far. */
type Seen = Omit<Logs, "streams">;
const NONE: Seen = { lines: [], dropped: 0, loading: true };
/** Pages come quicker than anybody reads: what came in within this time is shown together. */
const SHOWN_EVERY_MS = 200;
const STREAMS_MAX = 50; // of DescribeLogStreams

async function page(group: string, stream: string, token: string | undefined): Promise<EventPage> {
  const answer = await call("logs", "GetLogEvents", {
    logGroupName: group, logStreamName: stream, startFromHead: true, ...(token ? { nextToken: token } : {}),
  });
  return { events: answer.events ?? [], next: answer.nextForwardToken };
}

/**
 * Streams whose names begin with `prefix`; of those of a whole group (""), the 50 with the latest events. The
 * watched list of streams tells which have grown (their last event, and the count in the sequence token), and
 * only those are read on: one watched read, however many hosts.
 */
export function useLogs(group: string, prefix: string): Logs {
  const listed = useRead(read("logs", "DescribeLogStreams", {
    logGroupName: group, limit: STREAMS_MAX,
    ...(prefix ? { logStreamNamePrefix: prefix } : { orderBy: "LastEventTime", descending: true }),
  }));
  const [seen, setSeen] = useState<Seen>(NONE);
  const reader = useMemo(() => {
    let waiting = false;
    const show = () => {
      waiting = false;
      setSeen({ lines: made.lines, dropped: made.dropped, error: made.error, loading: !made.complete });
    };
    const made: LogReader = new LogReader((stream, token) => page(group, stream, token), () => {
      if (!waiting) setTimeout(show, SHOWN_EVERY_MS);
      waiting = true;
    });
    return made;
    // eslint-disable-next-line react-hooks/exhaustive-deps -- another prefix is another log
  }, [group, prefix]);
  useEffect(() => {
    setSeen(NONE);
    return () => reader.stop();
  }, [reader]);

  const absent = listed.error instanceof ApiError && listed.error.code === "ResourceNotFoundException"; // nothing was logged yet
  const refusal = absent ? undefined : listed.error;
  const sources = useMemo(() => listed.data?.logStreams?.map((stream): Source => ({
    stream: stream.logStreamName ?? "",
    mark: `${stream.lastIngestionTime ?? 0} ${stream.uploadSequenceToken ?? ""}`,
  })) ?? [], [listed.data]);
  const known = listed.data !== undefined || absent;
  useEffect(() => {
    if (known) void reader.follow(sources);
  }, [reader, sources, known]);
  const streams = useMemo(() => sources.map((source) => source.stream).sort(), [sources]);
  return { ...seen, streams, loading: seen.loading && !refusal, error: refusal ?? seen.error };
}
