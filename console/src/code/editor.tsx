/**
 * CodeMirror for JSON. Loaded when the first text is edited (by `Code`): it is more than all the rest of a page.
 * Colours are the page's own, so that the theme changes them too. Tab leaves the editor, as it does every field:
 * Escape, CodeMirror's way out of a Tab that indents, closes dialogs.
 */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, defaultHighlightStyle, foldGutter, foldKeymap, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import type { CodeProps } from "./code";

const COLOURS = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--accent)" },
  { tag: tags.string, color: "var(--good)" },
  { tag: tags.number, color: "var(--caught)" },
  { tag: [tags.bool, tags.null, tags.invalid], color: "var(--bad)" },
]);

const LOOK = EditorView.theme({
  "&": { height: "100%", backgroundColor: "var(--sunken)", color: "var(--ink)", fontSize: "12.5px" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "18px" },
  ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--ink-soft)", borderRight: "1px solid var(--line)" },
  // Faint: strings and numbers on it must keep their contrast of 4.5.
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--accent) 3%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--accent) 12%, transparent)", color: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--accent) 28%, transparent)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "color-mix(in srgb, var(--accent) 25%, transparent)", outline: "none" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--ink)", border: "1px solid var(--line)", borderRadius: "6px", boxShadow: "var(--shadow)" },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "16em" },
  ".cm-tooltip-autocomplete > ul > li": { padding: "3px 8px" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--chosen)", color: "var(--ink)" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-completionDetail": { color: "var(--ink-soft)", fontStyle: "normal" },
  ".cm-diagnostic": { padding: "6px 10px", whiteSpace: "pre-wrap", maxWidth: "60ch" },
  ".cm-diagnostic-error": { borderLeft: "4px solid var(--bad)" },
  ".cm-diagnostic-warning": { borderLeft: "4px solid var(--caught)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad)" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline wavy var(--caught)" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--surface)", border: "1px solid var(--line)", color: "var(--ink-soft)" },
});

/** Style elements need the nonce of the page's policy. */
const nonce = () => document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.content ?? "";

function completing(props: { current: CodeProps }) {
  return (context: CompletionContext): CompletionResult | null => {
    const found = props.current.propose?.(context.state.doc.toString(), context.pos);
    if (!found || (!context.explicit && found.from === context.pos)) return null; // unasked only within quotes and words
    return {
      from: found.from, to: found.to, filter: false,
      options: ranked(found.options, context.state.sliceDoc(found.from, context.pos).replaceAll('"', "")).map((one) => ({
        label: one.label, ...(one.about ? { detail: one.about } : {}),
        apply: (view: EditorView) => {
          // Between the quotes or brackets that were put in is where one writes on.
          const into = /(""|\{\}|\[\])$/.test(one.insert) ? one.insert.length - 1 : one.insert.length;
          view.dispatch({ changes: { from: found.from, to: found.to, insert: one.insert }, selection: { anchor: found.from + into }, userEvent: "input.complete" });
        },
      })),
    };
  };
}

/** Those that hold what was typed; those that begin with it come first. */
function ranked<T extends { label: string }>(options: readonly T[], typed: string): T[] {
  const text = typed.toLowerCase();
  const at = (one: T) => one.label.toLowerCase().indexOf(text);
  return options.filter((one) => at(one) >= 0).sort((a, b) => Number(at(a) > 0) - Number(at(b) > 0));
}

export default function Editor(props: CodeProps) {
  const frame = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const { label, value, readOnly, diagnostics, jump } = props;
  useEffect(() => {
    const made = new EditorView({
      parent: frame.current!,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          EditorView.cspNonce.of(nonce()),
          lineNumbers(), foldGutter(), highlightSpecialChars(), history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(), highlightActiveLine(),
          json(), syntaxHighlighting(COLOURS), syntaxHighlighting(defaultHighlightStyle, { fallback: true }), lintGutter(), LOOK,
          autocompletion({ override: [completing(latest)], icons: false }),
          keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap]),
          EditorView.lineWrapping, EditorState.readOnly.of(readOnly ?? false), EditorState.tabSize.of(2),
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange?.(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => {
      made.destroy();
      view.current = null;
    };
  }, [label, readOnly]);
  useEffect(() => {
    const now = view.current;
    if (now && now.state.doc.toString() !== value) now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: value } });
  }, [value]);
  useEffect(() => {
    const now = view.current;
    if (!now || !diagnostics) return;
    const { length } = now.state.doc;
    now.dispatch(setDiagnostics(now.state, diagnostics.filter((one) => one.from <= length).map((one) => ({ ...one, to: Math.min(one.to, length) }))));
  }, [diagnostics]);
  useEffect(() => {
    const now = view.current;
    if (!now || !jump) return;
    const at = Math.min(jump.at, now.state.doc.length);
    now.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
    now.focus();
  }, [jump]);
  return <div className="code-editor" ref={frame} />;
}
