import { useNetwork } from "@mantine/hooks";
import { useEffect } from "react";
import { me, queryClient, signInAddress } from "../api";
import { useLost } from "../live";
import { useStanding } from "../standing";

/** Above every page: what stands in the way of the whole window, the gravest alone. What is typed below it stays. */
export function Bars() {
  const { signedOut, outdated } = useStanding();
  const online = useNetwork().online;
  const lost = useLost();
  if (!online)
    return (
      <p className="banner" role="status">
        You are offline. What you see may be old; it is loaded anew as soon as the connection is back.
      </p>
    );
  if (signedOut) return <SignedOut />;
  if (outdated)
    return (
      <p className="banner" role="status">
        A new version is here.{" "}
        <button type="button" onClick={() => location.reload()}>
          Reload
        </button>
      </p>
    );
  if (!lost) return null;
  return (
    <p className="banner" role="status">
      The connection to the server was lost. Connecting again…
    </p>
  );
}

/** One signs in in another window, so that this one keeps what was typed; it goes on as soon as one is back. */
function SignedOut() {
  useEffect(() => {
    const look = () => queryClient.invalidateQueries({ queryKey: me().queryKey });
    addEventListener("focus", look);
    return () => removeEventListener("focus", look);
  }, []);
  return (
    <p className="banner" role="alert">
      You were signed out. What stands here stays.{" "}
      <a href={signInAddress()} target="_blank" rel="noopener">
        Sign in<span className="unseen"> in a new window</span>
      </a>
    </p>
  );
}
