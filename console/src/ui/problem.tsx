/** What went wrong, in the service's words, and what to do next. */
import { Component, type ReactNode } from "react";
import { ApiError } from "../api/http";
import { Button, ButtonLink, Note } from "./controls";

/** A text of more characters is scrolled in its own frame: services list all values that a member may have. */
const LONG = 800;

/** `why={false}`: where nobody is logged in yet, who could ask. */
export function Problem({ error, onRetry, why = true }: { error: unknown; onRetry?: () => void; why?: boolean }) {
  const known = error instanceof ApiError ? error : null;
  const text = error instanceof Error ? error.message : String(error);
  return (
    <Note tone="bad" actions={
      <div className="row">
        {why && known?.denied && <ButtonLink look="small" href={`#/why/${encodeURIComponent(text)}`}>Why?</ButtonLink>}
        {onRetry && <Button look="small" onClick={onRetry}>Try again</Button>}
      </div>
    }>
      <strong>{known?.code ?? "This page failed"}</strong>
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
