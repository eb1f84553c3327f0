/** What went wrong, in the service's words, and what to do next. */
import { Component, type ReactNode } from "react";
import { ApiError } from "../api/http";
import { Button, ButtonLink, Note } from "./controls";

/** A text of more characters is scrolled in its own frame: services list all values that a member may have. */
const LONG = 800;

/**
 * A part of the console that did not load. Its files are named by what they hold: a page that was opened before the
 * daemon was built anew asks for those that are gone, and no second try finds them.
 */
export class Replaced extends Error {
  constructor() {
    super("A part of this page could not be loaded: this console has been replaced by a newer one, or the daemon does not answer. Reload the page once it does.");
    this.name = "This page is outdated";
  }
}

/** For what is imported when it is needed. */
export const orReplaced = <T,>(part: Promise<T>): Promise<T> => part.catch(() => {
  throw new Replaced();
});

/** `why={false}`: where nobody is logged in yet, who could ask. */
export function Problem({ error, onRetry, why = true }: { error: unknown; onRetry?: () => void; why?: boolean }) {
  const known = error instanceof ApiError ? error : null;
  const text = error instanceof Error ? error.message : String(error);
  return (
    <Note tone="bad" actions={
      <div className="row">
        {why && known?.denied && <ButtonLink look="small" href={`#/why/${encodeURIComponent(text)}`}>Why?</ButtonLink>}
        {error instanceof Replaced
          ? <Button look="small" onClick={() => location.reload()}>Reload the page</Button>
          : onRetry && <Button look="small" onClick={onRetry}>Try again</Button>}
      </div>
    }>
      <strong>{known?.code ?? (error instanceof Replaced ? error.name : "This page failed")}</strong>
      {text.length > LONG ? <div className="long" tabIndex={0}>{text}</div> : <div>{text}</div>}
    </Note>
  );
}

/** Keeps a fault in one part from taking the page along. */
export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined };
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  override render() {
    if (this.state.error === undefined) return this.props.children;
    return <Problem error={this.state.error} onRetry={() => this.setState({ error: undefined })} />;
  }
}
