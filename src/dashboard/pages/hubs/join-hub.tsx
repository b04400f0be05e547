/** The form that joins another hub by its address. Only an admin sees it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { problemText } from "../../api/client.ts";
import { hubsQuery, joinHub } from "../../api/federation-queries.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";

export function JoinHub() {
  const client = useQueryClient();
  const [url, setUrl] = useState("");
  const { mutate, isPending, error, data } = useMutation({
    mutationFn: joinHub,
    onSuccess: () => setUrl(""),
    onSettled: () => client.invalidateQueries({ queryKey: hubsQuery.queryKey }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate(url.trim());
  };
  return (
    <form onSubmit={submit} className="card flex flex-wrap items-start gap-3 px-5 py-4">
      <Field
        label="Join the hub at"
        error={error === null ? undefined : problemText(error)}
        className="min-w-60 flex-1"
      >
        {(control) => (
          <input
            {...control}
            type="url"
            required
            autoComplete="off"
            placeholder="https://hub.example.com"
            className="field"
            value={url}
            onChange={(event) => setUrl(event.target.value)}
          />
        )}
      </Field>
      <Button type="submit" look="primary" disabled={isPending} className="mt-6">
        {isPending ? "Joining …" : "Join"}
      </Button>
      <p role="status" className="basis-full text-muted empty:hidden">
        {data !== undefined && answerText(data)}
      </p>
    </form>
  );
}

function answerText({ hub_id, there }: { hub_id: string; there: string }): string {
  return there === "approved"
    ? `${hub_id} and this hub know each other.`
    : `${hub_id} is asked. An admin there has to approve this hub.`;
}
