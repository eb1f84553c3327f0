/** "Go to anything": sections, and whatever has a name, by that or by its ARN. */
import { useEffect, useRef, useState } from "react";
import { ApiError } from "../api/http";
import { Icon } from "../ui/icon";
import { go } from "./router";
import { SECTIONS } from "./sections";
import { matching, targetOf, useTargets, type Target } from "./targets";

const PLACES = SECTIONS.map((one): Target => ({ name: one.title, kind: "Section", icon: one.icon, href: one.href }));

/** What the list says below what it has. */
function noteOf(found: number, looking: boolean, error: unknown): string | undefined {
  if (looking) return "Looking…";
  if (error !== undefined) return `Not all could be looked through: ${error instanceof ApiError ? error.message : String(error)}`;
  return found === 0 ? "Nothing has that name." : undefined;
}

export function Palette({ onClose }: { onClose: () => void }) {
  const element = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  useEffect(() => element.current?.showModal(), []);
  const named = targetOf(text);
  const { targets, looking, error } = useTargets(named ? "" : text);
  const shown = named ? [named] : matching([...PLACES, ...targets], text);
  const current = Math.min(at, shown.length - 1);
  const note = named ? undefined : noteOf(shown.length, looking, error);
  useEffect(() => {
    void document.getElementById(`palette-${current}`)?.scrollIntoView({ block: "nearest" });
  }, [current]);
  const choose = (target: Target | undefined) => {
    if (!target) return;
    element.current?.close(); // gives the focus back, for when the place is the same
    onClose();
    go(target.href);
  };
  return (
    <dialog ref={element} className="dialog palette" aria-label="Go to anything" onClose={onClose}>
      <input autoFocus value={text} aria-label="Name" placeholder="Go to…" role="combobox" aria-expanded="true"
        aria-controls="palette-list" aria-activedescendant={shown.length > 0 ? `palette-${current}` : undefined} spellCheck={false}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
          if (step !== 0) event.preventDefault();
          if (step !== 0) setAt(Math.min(Math.max(current + step, 0), shown.length - 1));
          if (event.key === "Enter") choose(shown[current]);
        }} />
      <ul role="listbox" id="palette-list" aria-label="Matches">
        {shown.map((target, index) => (
          <li key={target.href} id={`palette-${index}`} role="option" aria-selected={index === current}
            onPointerMove={() => setAt(index)} onClick={() => choose(target)}>
            <Icon name={target.icon} />
            <span className="grow break">{target.name}</span>
            <span className="soft small">{target.kind}</span>
          </li>
        ))}
        {note && <li className="soft" role="option" aria-disabled="true" aria-selected="false">{note}</li>}
      </ul>
    </dialog>
  );
}
