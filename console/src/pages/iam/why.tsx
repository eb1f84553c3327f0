/** "Why was this denied?": a question to IAM's policy simulator, and its answer as long as it is true. */
import { useState } from "react";
import { useSession, type Session } from "../../api/session";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { links, usePlace } from "../../app/router";
import { Button, Field, Note, Panel, Skeleton, TextField } from "../../ui/controls";
import { Problem } from "../../ui/problem";
import { Answer } from "./answer";
import { contextOf, deniedOf, whoOf, type Denied, type Who } from "./denied";
import { IamNav } from "./nav";

const LIST_MAX = 1000;

export interface Question { who: string; action: string; resource: string; context: string }

function questionOf(denied: Denied | undefined, who: string | null, session: Session): Question {
  return {
    who: denied?.principal ?? who ?? session.arn,
    action: denied?.action ?? "",
    resource: denied?.resource ?? "*",
    context: `aws:RequestedRegion=${session.region}`,
  };
}

export function Why({ text }: { text: string }) {
  const session = useSession()!;
  const { query } = usePlace();
  const [message, setMessage] = useState(text);
  const denied = deniedOf(message);
  const [question, setQuestion] = useState(() => questionOf(deniedOf(text), query.get("who"), session));
  const [asked, setAsked] = useState<Question | undefined>(() => (deniedOf(text) ? question : undefined));
  const paste = (pasted: string) => {
    setMessage(pasted);
    const found = deniedOf(pasted);
    if (found) setQuestion(questionOf(found, null, session));
    setAsked(found && questionOf(found, null, session));
  };
  return (
    <Page crumbs={[{ text: "IAM", href: links.iam }, { text: "Why was this denied?" }]} title="Why was this denied?"
      about="What the policies of a role or user say to a request, and which statement decides.">
      <IamNav at="why" />
      <div className={`iam-why columns ${asked ? "asked" : ""}`}>
        <Panel title="The request">
          <form className="stack" onSubmit={(event) => {
            event.preventDefault();
            setAsked(question);
          }}>
            <TextField label="The refusal's text" value={message} onChange={paste} lines={3}
              placeholder="User: arn:… is not authorized to perform: … on resource: …"
              hint={message !== "" && !denied ? "No refusal of the known form is in this text: fill in the rest by hand." : "Fills in the rest."} />
            <Form question={question} onChange={setQuestion} />
            <div><Button type="submit" look="primary" disabled={!/^[\w-]+:\w+$/.test(question.action)}>Ask</Button></div>
          </form>
        </Panel>
        <Asked question={asked} reason={denied?.reason ?? ""} onAddKey={(key) => {
          const next = { ...question, context: `${question.context}\n${key}=`.trim() };
          setQuestion(next);
        }} />
      </div>
    </Page>
  );
}

function Form({ question, onChange }: { question: Question; onChange: (question: Question) => void }) {
  const roles = useRead(read("iam", "ListRoles", { MaxItems: LIST_MAX }));
  const users = useRead(read("iam", "ListUsers", { MaxItems: LIST_MAX }));
  const set = (change: Partial<Question>) => onChange({ ...question, ...change });
  const arns = [...(roles.data?.Roles ?? []), ...(users.data?.Users ?? [])].map(({ Arn }) => Arn);
  return (
    <>
      <Field label="Who" hint="A role's or user's ARN, or that of a role's session.">
        {(ids) => (
          <>
            <input {...ids} className="input mono" list="iam-principals" value={question.who} spellCheck={false} onChange={(event) => set({ who: event.target.value.trim() })} />
            <datalist id="iam-principals">{arns.map((arn) => <option key={arn} value={arn} />)}</datalist>
          </>
        )}
      </Field>
      <TextField label="Action" value={question.action} onChange={(action) => set({ action: action.trim() })} placeholder="s3:GetObject" />
      <TextField label="Resource" value={question.resource} onChange={(resource) => set({ resource: resource.trim() })} placeholder="*" />
      <TextField label="Context" lines={3} value={question.context} onChange={(context) => set({ context })}
        hint="What conditions look at, a key=value on each line: iam:PassedToService=sagemaker.amazonaws.com" />
    </>
  );
}

function Asked({ question, reason, onAddKey }: { question: Question | undefined; reason: string; onAddKey: (key: string) => void }) {
  if (!question) {
    return <Panel title="The answer"><p className="soft">Paste a refusal, or say who wants to do what, and ask.</p></Panel>;
  }
  const who = whoOf(question.who);
  if (who.kind === "root") {
    return <Panel title="The answer"><Note tone="good">Root may do everything that no resource's own policy denies: no policy of a role or user has a say.</Note></Panel>;
  }
  if (who.kind === "unknown") {
    return <Panel title="The answer"><Note tone="caught">{question.who || "Nobody"} is no ARN of a role, a user or a role's session.</Note></Panel>;
  }
  return <Simulated who={who} question={question} reason={reason} onAddKey={onAddKey} />;
}

/** Roles and users are simulated by their own ARN, whose path only IAM knows. */
function Simulated({ who, question, ...rest }: { who: Extract<Who, { name: string }>; question: Question; reason: string; onAddKey: (key: string) => void }) {
  const role = useRead(who.kind === "role" ? read("iam", "GetRole", { RoleName: who.name }) : null);
  const user = useRead(who.kind === "user" ? read("iam", "GetUser", { UserName: who.name }) : null);
  const arn = role.data?.Role.Arn ?? user.data?.User.Arn;
  const answer = useRead(arn ? read("iam", "SimulatePrincipalPolicy", {
    PolicySourceArn: arn, ActionNames: [question.action], ResourceArns: [question.resource || "*"], ContextEntries: contextOf(question.context),
  }) : null);
  const error = role.error ?? user.error ?? answer.error;
  const found = answer.data?.EvaluationResults?.[0];
  if (error && !found) return <Panel title="The answer"><Problem error={error} /></Panel>;
  if (!found) return <Panel title="The answer"><Skeleton lines={5} /></Panel>;
  return (
    <div className="stack">
      {error && <Problem error={error} />}
      <Answer holder={who} question={question} result={found} {...rest} />
    </div>
  );
}
