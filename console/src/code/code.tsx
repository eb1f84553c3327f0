/** A text of JSON to be edited; the editor itself is loaded when it is needed. */
import { Skeleton } from "../ui/controls";
import { later } from "../ui/later";
import "./code.css";

export interface Diagnostic { readonly from: number; readonly to: number; readonly severity: "error" | "warning"; readonly message: string }

export interface Proposed { readonly from: number; readonly to: number; readonly options: readonly { readonly label: string; readonly about?: string; readonly insert: string }[] }

export interface CodeProps {
  label: string;
  value: string;
  onChange?: (value: string) => void;
  readOnly?: boolean;
  /** What fits at a cursor. */
  propose?: (text: string, at: number) => Proposed | null;
  diagnostics?: readonly Diagnostic[];
  /** Each new one moves the cursor there. */
  jump?: { readonly at: number } | undefined;
}

const Editor = later(() => import("./editor"), <Skeleton lines={8} />);

export function Code(props: CodeProps) {
  return <div className="code-frame"><Editor {...props} /></div>;
}
