/** "Go to anything": sections, state machines, jobs, endpoints, buckets and roles by their names. */
import { useEffect, useMemo, useRef, useState } from "react";
import { call } from "../api/call";
import { Icon, type IconName } from "../ui/icon";
import { go, links } from "./router";
import { SECTIONS } from "./sections";

interface Target { name: string; kind: string; icon: IconName; href: string }
const SHOWN_MAX = 30;

/** What the session may list; what it may not is left out. */
async function targets(): Promise<Target[]> {
  const lists = await Promise.allSettled([
    call("states", "ListStateMachines", {}).then((page) =>
      page.stateMachines.map((one): Target => ({ name: one.name, kind: "State machine", icon: "workflows", href: links.machine(one.stateMachineArn) }))),
    call("sagemaker", "ListTrainingJobs", { MaxResults: 100 }).then((page) =>
      page.TrainingJobSummaries.map((one): Target => ({ name: one.TrainingJobName, kind: "Training job", icon: "training", href: links.job(one.TrainingJobName) }))),
    call("sagemaker", "ListEndpoints", { MaxResults: 100 }).then((page) =>
      page.Endpoints.map((one): Target => ({ name: one.EndpointName, kind: "Endpoint", icon: "endpoints", href: links.endpoint(one.EndpointName) }))),
    call("s3", "ListBuckets", {}).then((page) =>
      (page.Buckets ?? []).map((one): Target => ({ name: one.Name ?? "", kind: "Bucket", icon: "storage", href: links.objects(one.Name ?? "") }))),
    call("iam", "ListRoles", {}).then((page) =>
      page.Roles.map((one): Target => ({ name: one.RoleName, kind: "Role", icon: "iam", href: links.role(one.RoleName) }))),
  ]);
  return lists.flatMap((list) => (list.status === "fulfilled" ? list.value : []));
}

/** Those whose name holds every word; those that begin with the first word come first. */
export function matching<T extends { name: string }>(all: readonly T[], text: string): T[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const first = words[0];
  if (!first) return all.slice(0, SHOWN_MAX);
  return all
    .filter((one) => words.every((word) => one.name.toLowerCase().includes(word)))
    .sort((a, b) => Number(b.name.toLowerCase().startsWith(first)) - Number(a.name.toLowerCase().startsWith(first)))
    .slice(0, SHOWN_MAX);
}

export function Palette({ onClose }: { onClose: () => void }) {
  const element = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [found, setFound] = useState<Target[]>([]);
  useEffect(() => {
    element.current?.showModal();
    void targets().then(setFound);
  }, []);
  const all = useMemo(
    () => [...SECTIONS.map((one): Target => ({ name: one.title, kind: "Section", icon: one.icon, href: one.href })), ...found],
    [found],
  );
  const shown = matching(all, text);
  const choose = (target: Target | undefined) => {
    if (!target) return;
    onClose();
    go(target.href);
  };
  return (
    <dialog ref={element} className="dialog palette" aria-label="Go to anything" onClose={onClose}>
      <input autoFocus value={text} aria-label="Name" placeholder="Go to…" role="combobox" aria-expanded="true"
        aria-controls="palette-list" aria-activedescendant={shown.length > 0 ? `palette-${at}` : undefined} spellCheck={false}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
          if (step !== 0) event.preventDefault();
          if (step !== 0) setAt(Math.min(Math.max(at + step, 0), shown.length - 1));
          if (event.key === "Enter") choose(shown[at]);
        }} />
      <ul role="listbox" id="palette-list" aria-label="Matches">
        {shown.map((target, index) => (
          <li key={target.href} id={`palette-${index}`} role="option" aria-selected={index === at}
            onPointerMove={() => setAt(index)} onClick={() => choose(target)}>
            <Icon name={target.icon} />
            <span className="grow break">{target.name}</span>
            <span className="soft small">{target.kind}</span>
          </li>
        ))}
        {shown.length === 0 && <li className="soft" role="option" aria-selected="false">Nothing has that name.</li>}
      </ul>
    </dialog>
  );
}
