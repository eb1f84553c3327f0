/** Why executions and jobs failed. It does not change any more, so that it is asked for once. */
import { useEffect, useState } from "react";
import { call } from "../../api/call";
import { reasonIn } from "../../lib/cause";
import type { Work } from "./work";

/** A line in a list has no room for more. */
const SHOWN_MAX = 160;

async function reasonOf({ kind, key, name }: Work): Promise<string> {
  if (kind === "job") {
    return (await call("sagemaker", "DescribeTrainingJob", { TrainingJobName: name })).FailureReason ?? "";
  }
  const { error, cause } = await call("states", "DescribeExecution", { executionArn: key });
  return [error, reasonIn(cause) ?? cause?.split("\n")[0]].filter(Boolean).join(": ");
}

/** By key; a redriven execution that fails again is another one by the time of its end. */
export function useReasons(failed: readonly Work[]): ReadonlyMap<string, string> {
  const [known, setKnown] = useState<ReadonlyMap<string, string>>(new Map());
  const asked = failed.map(({ key, to }) => `${key} ${to ?? ""}`).join("\n");
  useEffect(() => {
    let here = true;
    const answers = failed.map(async (one) => {
      // Who may list but not describe sees that it failed, without why.
      const text = await reasonOf(one).catch(() => "");
      return [one.key, text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text] as const;
    });
    void Promise.all(answers).then((all) => here && setKnown(new Map(all)));
    return () => {
      here = false;
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the text says which they are
  }, [asked]);
  return known;
}
