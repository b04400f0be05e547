/** The dialog that asks until when a service is not to be checked. */
import { type FormEvent, useState } from "react";
import { fieldTime } from "../../api/time-window.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** As the hub allows. */
const MAX_MS = 30 * 24 * HOUR_MS;

export function PauseUntil({ pause, close }: { pause(minutes: number): void; close(): void }) {
  const [now] = useState(Date.now);
  const [until, setUntil] = useState(() => fieldTime(now + 8 * HOUR_MS));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    pause(Math.max(1, Math.ceil((new Date(until).getTime() - Date.now()) / MINUTE_MS)));
  };
  return (
    <Dialog title="Pause until" close={close}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Until" hint="It is not checked before, and then checked again by itself; at most 30 days">
          {(control) => (
            <input
              {...control}
              type="datetime-local"
              required
              className="field"
              min={fieldTime(now + MINUTE_MS)}
              max={fieldTime(now + MAX_MS)}
              value={until}
              onChange={(event) => setUntil(event.target.value)}
            />
          )}
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" type="submit">
            Pause
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
