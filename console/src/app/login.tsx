/** Who are you: by a link from the command line, or by an access key. */
import { useEffect, useState } from "react";
import { logIn, useSession } from "../api/session";
import { nameOf } from "../lib/arn";
import { Button, ButtonLink, Note, Panel, TextField } from "../ui/controls";
import { Command } from "../ui/copy";
import { Problem } from "../ui/problem";
import mark from "../mark.svg";
import { currentPlace, go, links, loginToken, usePlace } from "./router";

export function Login() {
  const token = loginToken(usePlace());
  return (
    <main className="login">
      <div className="stack">
        <div className="row"><img src={mark} alt="" width={32} height={32} /><h1>Trainyard</h1></div>
        {token ? <ByLink token={token} /> : <ByCommand />}
        <ByKey />
      </div>
    </main>
  );
}

function ByLink({ token }: { token: string }) {
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    void logIn({ token }).then(leave, setError);
  }, [token]);
  if (error === undefined) return <Note tone="running">Logging in…</Note>;
  return <><Problem error={error} why={false} /><Stay /><ByCommand /></>;
}

/** The link does not work, and somebody is logged in already. */
function Stay() {
  const session = useSession();
  if (!session) return null;
  return <Note tone="running" actions={<ButtonLink href={links.home} look="small">Go on</ButtonLink>}>You are still logged in as {nameOf(session.arn)}.</Note>;
}

/** A link's address means nothing once somebody is logged in; any other is where they want to be. */
function leave(): void {
  if (loginToken(currentPlace())) go(links.home, true);
}

function ByCommand() {
  return (
    <Panel title="With a link">
      <div className="stack tight"><p>On the machine of the daemon, this prints a link that logs in once:</p><Command>trainyard console</Command></div>
    </Panel>
  );
}

function ByKey() {
  const [id, setId] = useState("");
  const [secret, setSecret] = useState("");
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const submit = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await logIn({ accessKeyId: id.trim(), secretAccessKey: secret.trim(), ...(token.trim() && { sessionToken: token.trim() }) });
      leave();
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return (
    <Panel title="With an access key">
      <form className="stack" onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}>
        <TextField label="Access key ID" value={id} onChange={setId} placeholder="AKIA…" />
        <TextField label="Secret access key" value={secret} onChange={setSecret} type="password" />
        {id.startsWith("ASIA") && <TextField label="Session token" value={token} onChange={setToken} type="password" />}
        {error !== undefined && <Problem error={error} why={false} />}
        <div><Button type="submit" look="primary" busy={busy} disabled={!id || !secret}>Log in</Button></div>
      </form>
    </Panel>
  );
}
