/** The keys that work on every page. */
import { useEffect, useState } from "react";
import { Dialog } from "../ui/dialog";
import { Palette } from "./palette";
import { go } from "./router";
import { SECTIONS } from "./sections";

/** How long `g` waits for its second key. */
const CHORD_MS = 1200;

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export function Keys() {
  const [shown, setShown] = useState<"palette" | "help" | null>(null);
  useEffect(() => {
    let chordUntil = 0;
    const press = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        setShown("palette");
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
      const section = Date.now() < chordUntil && SECTIONS.find((one) => one.key === event.key);
      chordUntil = event.key === "g" ? Date.now() + CHORD_MS : 0;
      if (section) go(section.href);
      if (event.key === "?") setShown("help");
      if (event.key === "/") {
        const search = document.querySelector<HTMLElement>("[data-search]");
        if (search) event.preventDefault();
        search?.focus();
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
  useEffect(() => {
    const open = () => setShown("palette");
    document.addEventListener("open-palette", open);
    return () => document.removeEventListener("open-palette", open);
  }, []);
  if (shown === "palette") return <Palette onClose={() => setShown(null)} />;
  if (shown === "help") return <Help onClose={() => setShown(null)} />;
  return null;
}

function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <div className="keys">
        {SECTIONS.map((section) => (
          <div key={section.key} style={{ display: "contents" }}><span><kbd>g</kbd> <kbd>{section.key}</kbd></span><span>{section.title}</span></div>
        ))}
        <span><kbd>Ctrl</kbd> <kbd>K</kbd></span><span>Go to anything</span>
        <span><kbd>/</kbd></span><span>Search on this page</span>
        <span><kbd>↑</kbd> <kbd>↓</kbd> <kbd>Enter</kbd></span><span>Rows of a table; Tab goes to what is in a row</span>
        <span><kbd>↑</kbd> <kbd>→</kbd> <kbd>+</kbd> <kbd>0</kbd></span><span>In a graph: from state to state, nearer, all of it; Ctrl and the wheel zoom</span>
        <span><kbd>Esc</kbd></span><span>Close what is open</span>
      </div>
    </Dialog>
  );
}
