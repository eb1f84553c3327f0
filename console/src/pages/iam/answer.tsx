/** What the policy simulator answers: the decision, the statement that decides, and what to do about it. */
import { useState, type ReactNode } from "react";
import type { Output } from "../../api/services";
import { read, useRead } from "../../api/watch";
import { links } from "../../app/router";
import { Button, ButtonLink, Note, Panel, Skeleton } from "../../ui/controls";
import { Problem } from "../../ui/problem";
import { Mark } from "../../ui/status";
import { cutAt, decodedDocument, isAws } from "./documents";
import { remedy } from "./denied";
import { DocumentDialog } from "./editor";
import { attachedOf, inlineDocumentOf, putInline, type Holder } from "./holder";
import type { Question } from "./why";

type Result = NonNullable<Output<"iam", "SimulatePrincipalPolicy">["EvaluationResults"]>[number];
type Matched = NonNullable<Result["MatchedStatements"]>[number];

const VERDICTS = {
  allowed: "The policies allow it",
  explicitDeny: "A statement denies it",
  implicitDeny: "Nothing allows it",
} as const;

export function Answer({ holder, question, result, reason, onAddKey }: {
  holder: Holder; question: Question; result: Result; reason: string; onAddKey: (key: string) => void;
}) {
  const specific = result.ResourceSpecificResults?.[0];
  const matched = specific?.MatchedStatements ?? result.MatchedStatements ?? [];
  const missing = specific?.MissingContextValues ?? result.MissingContextValues ?? [];
  const good = result.EvalDecision === "allowed";
  return (
    <Panel title="The answer">
      <div className="stack">
        <div className={`iam-verdict ${good ? "good" : "bad"}`} role="status">
          <h2><Mark tone={good ? "good" : "bad"} />{VERDICTS[result.EvalDecision]}</h2>
        </div>
        <p className="break">
          <span className="mono">{question.action}</span> on <span className="mono">{question.resource || "*"}</span>{" "}
          by {holder.kind} <a href={pageOf(holder)}>{holder.name}</a>.
        </p>
        {!good && missing.length > 0 && <Missing keys={missing} onAddKey={onAddKey} />}
        <Advice holder={holder} question={question} decision={result.EvalDecision} reason={reason} />
        {matched.map((one, index) => <Statement key={`${one.SourcePolicyId} ${index}`} holder={holder} statement={one} deny={result.EvalDecision === "explicitDeny"} />)}
      </div>
    </Panel>
  );
}

const pageOf = ({ kind, name }: Holder) => (kind === "role" ? links.role(name) : links.user(name));

function Missing({ keys, onAddKey }: { keys: readonly string[]; onAddKey: (key: string) => void }) {
  return (
    <Note tone="caught">
      <div className="stack tight">
        <span>Conditions look at what the request does not say. Add it to the context, with its value, and ask again:</span>
        <div className="row wrap">{keys.map((key) => <Button key={key} look="small" onClick={() => onAddKey(key)}>Add {key}</Button>)}</div>
      </div>
    </Note>
  );
}

function Advice({ holder, question, decision, reason }: { holder: Holder; question: Question; decision: Result["EvalDecision"]; reason: string }) {
  const [adding, setAdding] = useState(false);
  const page = <ButtonLink look="small" href={pageOf(holder)}>Permissions of {holder.name}</ButtonLink>;
  if (decision === "explicitDeny") return <Fix actions={page}>A deny outweighs every allow: change the statement below, or take its policy from {holder.name}.</Fix>;
  if (decision === "allowed") {
    return /session|resource-based/.test(reason)
      ? <Fix actions={page}>
          The refusal came from elsewhere: “{reason}”. Look at the policy that the session was begun with,
          or at the resource's own (a bucket's policy, a role's trust policy).
          </Fix>
      : <Fix actions={page}>
          If it was refused before, policies have changed since, or the request said something else than the context here.
          Policies of sessions and of resources are not asked.
          </Fix>;
  }
  const passed = question.action === "iam:PassRole" ? (/iam:PassedToService=(\S+)/.exec(question.context)?.[1] ?? "sagemaker.amazonaws.com") : undefined;
  return (
    <Fix actions={<div className="row wrap"><Button look="small" onClick={() => setAdding(true)}>Allow it…</Button>{page}</div>}>
      No statement of its policies is about this action and resource with an allow. Add one, or attach a policy that has one.
      {adding && (
        <DocumentDialog title={`Add inline policy to ${holder.name}`} submit="Create policy" suggested={`Allow-${question.action.replace(":", "-")}`}
          text={remedy(question.action, question.resource, passed)} onClose={() => setAdding(false)}
          onSave={(text, name) => putInline(holder, name, text)} />
      )}
    </Fix>
  );
}

function Fix({ actions, children }: { actions: ReactNode; children: ReactNode }) {
  return <div className="stack tight"><h3>What to do</h3><p>{children}</p><div>{actions}</div></div>;
}

/** A statement in its document, marked. */
function Statement({ holder, statement, deny }: { holder: Holder; statement: Matched; deny: boolean }) {
  const inline = statement.SourcePolicyType === "role" || statement.SourcePolicyType === "user";
  const name = statement.SourcePolicyId ?? "";
  const attached = useRead(inline ? null : attachedOf(holder));
  const arn = attached.data?.AttachedPolicies?.find(({ PolicyName, PolicyArn = "" }) =>
    PolicyName === name && isAws(PolicyArn) === (statement.SourcePolicyType === "aws-managed"))?.PolicyArn;
  const own = useRead(inline ? inlineDocumentOf(holder, name) : null);
  const policy = useRead(arn ? read("iam", "GetPolicy", { PolicyArn: arn }) : null);
  const version = policy.data?.Policy?.DefaultVersionId;
  const managed = useRead(arn && version ? read("iam", "GetPolicyVersion", { PolicyArn: arn, VersionId: version }) : null);
  const encoded = own.data?.PolicyDocument ?? managed.data?.PolicyVersion?.Document;
  const error = own.error ?? attached.error ?? policy.error ?? managed.error;
  return (
    <div className="stack tight">
      <h3>
        {deny ? "Denied by" : "Allowed by"} {arn ? <a href={links.policy(arn)}>{name}</a> : name}{" "}
        <span className="soft small">
          {inline ? `inline policy of ${holder.name}` : statement.SourcePolicyType === "aws-managed" ? "AWS managed" : "customer managed"}
        </span>
      </h3>
      {error && encoded === undefined ? <Problem error={error} /> : encoded === undefined ? <Skeleton />
        : <Marked text={decodedDocument(encoded)} statement={statement} deny={deny} />}
    </div>
  );
}

function Marked({ text, statement, deny }: { text: string; statement: Matched; deny: boolean }) {
  const [before, inside, after] = cutAt(text, statement.StartPosition ?? {}, statement.EndPosition ?? {});
  return (
    <pre className="code iam-document" tabIndex={0} aria-label="Policy document" ref={(frame) => {
      const mark = frame?.querySelector("mark");
      if (frame && mark) frame.scrollTop = Math.max(0, mark.offsetTop - frame.offsetTop - 40);
    }}>{before}<mark className={deny ? "deny" : ""}>{inside}</mark>{after}</pre>
  );
}
