/** The secrets of this program's environment, which the commands that it starts have as well and may print. */
import { secretIn } from "../core/service/secrets.ts";
import { Secrets } from "../probes/secrets.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the text with each secret of the environment replaced by its name. */
export function withoutSecrets(text: string, environment: Environment): string {
  const secrets = new Secrets(() => undefined);
  for (const name of Object.keys(environment)) {
    const value = name === "HUB_KEY" ? environment[name] : secretIn(environment, name);
    if (value !== undefined) secrets.hide(value, name);
  }
  return secrets.redact(text);
}
