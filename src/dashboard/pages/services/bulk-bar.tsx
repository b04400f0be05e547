/** The actions for the selected services of the list: pause, tag, delete; and one step back. */
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { api, expectSuccess, responseBody } from "../../api/client.ts";
import { useLive } from "../../live/live-context.tsx";
import type { ServiceStore } from "../../live/service-store.ts";
import { bulkWords, forEach, withTag } from "../../model/bulk.ts";
import { count } from "../../model/format.ts";
import { Button } from "../../ui/button.tsx";

const PAUSE_MINUTES = 60;
/** A deletion can't be taken back, so it waits for this time. */
const DELETE_AFTER_MS = 10_000;

interface Done {
  words: string;
  undo: (() => Promise<Done | null>) | null;
}

interface BulkBarProps {
  selected: ReadonlySet<number>;
  /** Ids of all that the list shows. */
  shown: readonly number[];
  select(ids: ReadonlySet<number>): void;
  close(): void;
}

export function BulkBar({ selected, shown, select, close }: BulkBarProps) {
  const { store } = useLive();
  const [tag, setTag] = useState("");
  const leaving = useRef<Leaving | null>(null);
  useEffect(() => () => void leaving.current?.cancel(), []); // who leaves the page before deletes nothing
  const ids = [...selected];
  const run = useMutation({ mutationFn: (work: () => Promise<Done | null>) => work() });
  const last = run.data ?? null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run.mutate(() => addTag(store, ids, tag.trim()));
  };
  const remove = () => {
    leaving.current = new Leaving(store, ids);
    const { words, cancel } = leaving.current;
    select(new Set());
    return { words, undo: async () => cancel() };
  };
  const isIdle = ids.length === 0 || run.isPending;
  return (
    <section aria-label="Selection" className="card flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
      <span className="font-medium tabular-nums">{count(ids.length, "service")} selected</span>
      <Button onClick={() => select(new Set(ids.length === shown.length ? [] : shown))}>
        {ids.length === shown.length ? "Select none" : `Select all ${shown.length}`}
      </Button>
      <Button disabled={isIdle} onClick={() => run.mutate(() => pause(store, ids))}>
        Pause for an hour
      </Button>
      <form onSubmit={submit} className="flex gap-2">
        <input
          aria-label="Tag to add"
          placeholder="tag"
          required
          autoComplete="off"
          className="field w-32"
          value={tag}
          onChange={(event) => setTag(event.target.value)}
        />
        <Button type="submit" disabled={isIdle}>
          Add the tag
        </Button>
      </form>
      <Button look="danger" disabled={isIdle} onClick={() => run.mutate(async () => remove())}>
        Delete
      </Button>
      <Button onClick={close}>Done</Button>
      <span role="status" className="flex flex-wrap items-center gap-2 text-muted">
        {run.error?.message ?? last?.words}
        {last?.undo != null && (
          <button type="button" className="link" onClick={() => run.mutate(last.undo ?? (async () => null))}>
            Undo
          </button>
        )}
      </span>
    </section>
  );
}

async function pause(store: ServiceStore, ids: readonly number[]): Promise<Done> {
  const enabled = ids.filter((id) => store.read().rows.get(id)?.listed?.enabled !== false);
  const { done, problems } = await forEach(enabled, (id) =>
    responseBody(api.services[":id"].pause.$post({ param: { id: String(id) }, json: { minutes: PAUSE_MINUTES } })),
  );
  store.addListed(done);
  return {
    words: bulkWords("paused for an hour", done.length, problems),
    undo: async () => {
      const again = await forEach(done, ({ id }) => patch(id, { enabled: true }));
      store.addListed(again.done);
      return { words: bulkWords("checked again", again.done.length, again.problems), undo: null };
    },
  };
}

async function addTag(store: ServiceStore, ids: readonly number[], tag: string): Promise<Done> {
  const { done, problems } = await forEach(ids, async (id) => {
    const before = await responseBody(api.services[":id"].$get({ param: { id: String(id) } }));
    const tags = withTag(before, tag);
    return { before, after: tags === null ? before : await patch(id, { tags }) };
  });
  store.addListed(done.map(({ after }) => after));
  return {
    words: bulkWords(`tagged ${tag}`, done.length, problems),
    undo: async () => {
      const back = await forEach(done, ({ before }) => patch(before.id, { tags: before.tags }));
      store.addListed(back.done);
      return { words: bulkWords("as before", back.done.length, back.problems), undo: null };
    },
  };
}

function patch(id: number, json: { enabled: boolean } | { tags: string[] }) {
  return responseBody(api.services[":id"].$patch({ param: { id: String(id) }, json }));
}

/** Services that are about to be deleted. They are, unless somebody cancels it or leaves the page before. */
class Leaving {
  readonly words: string;
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(store: ServiceStore, ids: readonly number[]) {
    this.words = `${count(ids.length, "service")} will be deleted in ${DELETE_AFTER_MS / 1_000} s.`;
    const remove = async (id: number) => {
      await expectSuccess(api.services[":id"].$delete({ param: { id: String(id) } }));
      store.remove(id);
    };
    this.#timer = setTimeout(() => void forEach(ids, remove), DELETE_AFTER_MS);
  }

  readonly cancel = (): Done => {
    clearTimeout(this.#timer);
    return { words: "Nothing was deleted.", undo: null };
  };
}
