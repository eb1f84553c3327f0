/**
 * An editor for JSON: colours, brackets, and where the text is no JSON. Loaded when it is needed
 * (`lazy(() => import("../../code/json_editor"))`): CodeMirror is more than all the rest of a page.
 */
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { bracketMatching, foldGutter, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { linter, lintGutter, lintKeymap, type Diagnostic } from "@codemirror/lint";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import "./json_editor.css";

/** The page's nonce: the policy takes CodeMirror's style elements only with it. */
const nonce = () => document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";

/** Colours are the page's own, so that the theme changes them too. */
export const consoleTheme: Extension = [
  EditorView.theme({
    "&": { color: "var(--ink)", backgroundColor: "var(--sunken)", fontSize: "12.5px" },
    "&.cm-focused": { outline: "none" },
    ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "18px" },
    ".cm-content": { caretColor: "var(--ink)", padding: "8px 0" },
    ".cm-cursor": { borderLeftColor: "var(--ink)" },
    ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--ink-soft)", border: "none" },
    ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--accent) 7%, transparent)" },
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--chosen)" },
    ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--chosen)", outline: "1px solid var(--edge)" },
    ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--ink)", border: "1px solid var(--line)" },
    ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--chosen)", color: "var(--ink)" },
    ".cm-foldPlaceholder": { backgroundColor: "var(--surface)", border: "1px solid var(--line)", color: "var(--ink-soft)" },
  }),
  syntaxHighlighting(HighlightStyle.define([
    { tag: tags.propertyName, color: "var(--accent)" },
    { tag: tags.string, color: "var(--good)" },
    { tag: tags.number, color: "var(--caught)" },
    { tag: [tags.bool, tags.null], color: "var(--bad)" },
    { tag: tags.invalid, color: "var(--bad)" },
  ])),
];

/** Nothing is wrong with no text at all: it has not been written yet. */
const syntax = jsonParseLinter();
const lintJson = linter((view): Diagnostic[] => (view.state.doc.length === 0 ? [] : syntax(view)), { delay: 200 });

interface Props {
  label: string;
  value: string;
  onChange?: (text: string) => void;
  readOnly?: boolean;
  /** In CSS pixels; longer texts are scrolled. */
  height?: number;
  /** What else a caller wants of CodeMirror: completion, diagnostics of its own. */
  extensions?: Extension;
  wrong?: boolean;
}

export default function JsonEditor({ label, value, onChange, readOnly = false, height = 320, extensions = [], wrong }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const tell = useRef(onChange);
  const extra = useRef(new Compartment());
  tell.current = onChange;
  useEffect(() => {
    const made = new EditorView({
      parent: frame.current!,
      state: EditorState.create({
        doc: value,
        extensions: [
          EditorView.cspNonce.of(nonce()),
          EditorState.readOnly.of(readOnly),
          EditorState.tabSize.of(2),
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
          EditorView.lineWrapping,
          lineNumbers(), foldGutter(), history(), drawSelection(), indentOnInput(), bracketMatching(), highlightActiveLine(),
          json(), readOnly ? [] : [lintJson, lintGutter()],
          // Tab leaves the editor, as it does every field: Escape, CodeMirror's way out of a Tab that indents, closes dialogs.
          keymap.of([...defaultKeymap, ...historyKeymap, ...lintKeymap]),
          consoleTheme,
          EditorView.theme({ "&": { maxHeight: `${height}px` }, ".cm-scroller": { overflow: "auto", minHeight: readOnly ? "0" : "120px" } }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) tell.current?.(update.state.doc.toString());
          }),
          extra.current.of(extensions),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the editor keeps its text; what else changes is given below
  }, [label, readOnly, height]);
  useEffect(() => {
    view.current?.dispatch({ effects: extra.current.reconfigure(extensions) });
  }, [extensions]);
  useEffect(() => {
    const { current } = view;
    const before = current?.state.doc.toString();
    if (current && before !== value) current.dispatch({ changes: { from: 0, to: before!.length, insert: value } });
  }, [value]);
  return <div ref={frame} className={`json-editor ${wrong ? "wrong" : ""}`} />;
}
