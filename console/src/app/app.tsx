import { useEffect, useState } from "react";
import { resume, useSession } from "../api/session";
import { whenTokenChanges } from "../api/token";
import { Boundary, Problem } from "../ui/problem";
import { useArrival } from "./arrival";
import { Login } from "./login";
import { loginToken, usePlace } from "./router";
import { pageOf } from "./routes";
import { Shell } from "./shell";

export function App() {
  const session = useSession();
  const place = usePlace();
  const [error, setError] = useState<unknown>();
  const begin = () => {
    setError(undefined);
    void resume().catch(setError);
  };
  useEffect(() => {
    begin();
    return whenTokenChanges(begin);
  }, []);
  // Folders and objects of a bucket are one page: what is chosen and found there stays.
  const key = place.parts.slice(0, place.parts[0] === "buckets" ? 2 : 3).join("/");
  useArrival(key);
  if (error !== undefined) return <main className="login"><Problem error={error} onRetry={begin} /></main>;
  if (session === undefined) return null;
  // Who follows a link wants to be whom it is for, whoever they are now.
  if (session === null || loginToken(place)) return <Login />;
  const Found = pageOf(place);
  return (
    <Shell session={session}>
      <Boundary key={key}>
        <Found place={place} />
      </Boundary>
    </Shell>
  );
}
