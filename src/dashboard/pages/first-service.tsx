/** Shown while the hub has no services: how to register the first one. */
import { Copyable } from "../ui/copyable.tsx";
import { useMayWrite } from "../ui/session.tsx";
import { AddService } from "./service/add-service.tsx";

const command = (origin: string) => `curl -X PUT ${origin}/api/projects/shop/services/site \\
  -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{"health_method": "http", "health_url": "http://localhost:8080/", "health_interval": 10}'`;

export function FirstService() {
  const mayWrite = useMayWrite();
  return (
    <section className="card flex flex-col gap-6 p-6 sm:p-8">
      <div className="flex max-w-prose flex-col gap-1.5">
        <h2 className="text-xl font-semibold">Register your first service</h2>
        <p className="text-muted">
          Tell the hub where something runs. It is checked from now on, and turns up here within seconds: over HTTP,
          TCP, DNS, Redis or PostgreSQL, or by heartbeats that it sends itself.
        </p>
      </div>
      {mayWrite ? (
        <div className="flex flex-col items-start gap-2">
          <h3 className="font-medium">Here</h3>
          <AddService look="primary" />
        </div>
      ) : (
        <p>Your key may only read. Adding services needs one of the scope write.</p>
      )}
      <div className="flex min-w-0 flex-col gap-2">
        <h3 className="font-medium">Or from where it runs</h3>
        <p className="text-muted">
          A service may register itself at each start: the same request again changes nothing. <code>$TOKEN</code> is a
          key from the settings, or the admin token.
        </p>
        <Copyable text={command(location.origin)} what="the command" />
        <p>
          <a className="link" href="/docs">
            Every route of the API
          </a>
        </p>
      </div>
    </section>
  );
}
