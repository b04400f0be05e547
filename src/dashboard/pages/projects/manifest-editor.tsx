/**
 * The text field of the manifest: colours, errors in their lines, completion of field names. This module is large, so it
 * is loaded only when a manifest is shown.
 */
import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { forceLinting, linter, lintGutter } from "@codemirror/lint";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { basicSetup } from "codemirror";
import { useEffect, useRef } from "react";
import type { FieldError } from "../../../core/values/fields.ts";
import { proposalsAt } from "../../model/manifest-cursor.ts";
import { type PlacedError, placedErrors, syntaxErrors } from "../../model/manifest-errors.ts";
import { useIsDark } from "../../ui/theme.ts";

/** Errors of YAML are told this long after the last key. */
const LINT_DELAY_MS = 400;

interface ManifestEditorProps {
  text: string;
  readOnly: boolean;
  /** The hub's errors in this text. */
  errors: readonly FieldError[];
  change(text: string): void;
}

export function ManifestEditor({ text, readOnly, errors, change }: ManifestEditorProps) {
  const dark = useIsDark();
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef({ text, change });
  useEffect(() => {
    latest.current = { text, change };
  });
  useEffect(() => {
    if (place.current === null) return;
    const { text: doc } = latest.current;
    const editor = openEditor(place.current, { doc, readOnly, dark }, (next) => latest.current.change(next));
    view.current = editor;
    return () => {
      editor.destroy();
      view.current = null;
    };
  }, [readOnly, dark]);
  useEffect(() => {
    const editor = view.current;
    if (editor === null) return;
    const before = editor.state.doc.toString();
    if (before !== text) editor.dispatch({ changes: { from: 0, to: before.length, insert: text } });
  }, [text]);
  useEffect(() => {
    const editor = view.current;
    if (editor === null || errors.length === 0) return;
    editor.dispatch({ effects: refused.of(errors) });
    forceLinting(editor);
    const [first] = placedErrors(editor.state.doc.toString(), errors);
    if (first !== undefined) editor.dispatch({ effects: EditorView.scrollIntoView(first.from, { y: "center" }) });
  }, [errors]);
  return <div ref={place} className="overflow-hidden rounded-md border border-edge focus-within:outline-2" />;
}

interface Opening {
  doc: string;
  readOnly: boolean;
  dark: boolean;
}

/**
 * The editor makes its style sheets while it runs. The content security policy allows that only in a shadow root, where
 * they are objects and no elements.
 */
function openEditor(place: HTMLDivElement, opening: Opening, change: (text: string) => void): EditorView {
  const { doc, readOnly, dark } = opening;
  const root = place.shadowRoot ?? place.attachShadow({ mode: "open" });
  root.replaceChildren();
  return new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc,
      extensions: [
        basicSetup,
        yaml(),
        syntaxHighlighting(COLOURS),
        LOOK,
        lintGutter(),
        refusals,
        linter(({ state }) => errorsIn(state).map(toDiagnostic), {
          delay: LINT_DELAY_MS,
          needsRefresh: ({ startState, state }) => startState.field(refusals) !== state.field(refusals),
        }),
        autocompletion({ override: [complete] }),
        EditorState.readOnly.of(readOnly),
        EditorView.darkTheme.of(dark),
        EditorView.lineWrapping,
        TYPED_OVER,
        EditorView.contentAttributes.of({ "aria-label": "Manifest, YAML", tabindex: "0" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) change(update.state.doc.toString());
        }),
      ],
    }),
  });
}

const refused = StateEffect.define<readonly FieldError[]>();

/** The hub's errors in the text, until it changes. */
const refusals = StateField.define<readonly FieldError[]>({
  create: () => [],
  update: (before, { docChanged, effects }) =>
    effects.find((effect) => effect.is(refused))?.value ?? (docChanged && before.length > 0 ? [] : before),
});

function errorsIn(state: EditorState): PlacedError[] {
  const text = state.doc.toString();
  return [...syntaxErrors(text), ...placedErrors(text, state.field(refusals))];
}

/**
 * Text that is typed over a selection replaces it here. The browser itself would join the lines with inline styles, which the
 * content security policy refuses with a complaint.
 */
const TYPED_OVER = EditorView.domEventHandlers({
  beforeinput({ inputType, data }, view) {
    if (inputType !== "insertText" || data === null || view.state.readOnly || view.state.selection.main.empty)
      return false;
    view.dispatch(view.state.replaceSelection(data), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

const toDiagnostic = (error: PlacedError) => ({
  ...error,
  severity: "error" as const,
});

function complete({ state, pos, explicit }: CompletionContext): CompletionResult | null {
  const text = state.doc.toString();
  const { replaces, all } = proposalsAt(text.slice(0, pos), text.slice(pos));
  if (all.length === 0 || (replaces === 0 && !explicit)) return null;
  const options = all.map(({ label, text: apply, meaning }): Completion => ({ label, apply, info: meaning }));
  return { from: pos - replaces, options, validFor: /^\w*$/ };
}

const LOOK = EditorView.theme({
  "&": { background: "var(--color-surface)", color: "var(--color-ink)", fontSize: "13px", maxHeight: "34rem" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "1.6", overflow: "auto", minHeight: "14rem" },
  ".cm-content": { caretColor: "var(--color-ink)" },
  ".cm-cursor": { borderLeftColor: "var(--color-ink)" },
  ".cm-gutters": { background: "var(--color-raised)", color: "var(--color-muted)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { background: "color-mix(in srgb, var(--color-raised) 60%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--color-accent) 30%, transparent)",
  },
  ".cm-tooltip, .cm-panels": {
    background: "var(--color-surface)",
    color: "var(--color-ink)",
    border: "1px solid var(--color-edge)",
    borderRadius: "0.4rem",
  },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    background: "var(--color-accent)",
    color: "var(--color-on-accent)",
  },
  ".cm-completionInfo": { maxWidth: "22rem" },
  ".cm-textfield, .cm-button": { background: "var(--color-raised)", color: "inherit" },
});

const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--color-accent)" },
  { tag: [tags.string, tags.content], color: "var(--color-ink)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--color-up)" },
  { tag: tags.comment, color: "var(--color-muted)", fontStyle: "italic" },
  { tag: [tags.punctuation, tags.separator], color: "var(--color-muted)" },
  { tag: tags.invalid, color: "var(--color-down)" },
]);
