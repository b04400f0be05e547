import { Suspense, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { lazyPage } from "../../ui/lazy-page.ts";

/** The form needs the rules of all fields, so it is loaded only when it is opened. */
const NewService = lazyPage(async () => (await import("./new-service.tsx")).NewService);

/** `project`: the name that the form contains at first. */
export function AddService({ look = "plain", project = "" }: { look?: "plain" | "primary"; project?: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button look={look} onClick={() => setOpen(true)}>
        Add a service
      </Button>
      {open && (
        <Suspense>
          <NewService title="Add a service" start={{ project }} close={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
