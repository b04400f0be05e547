import { type ReactNode, useEffect, useId, useRef } from "react";
import { Button } from "./button.tsx";

/** A modal dialog that is open as long as it is rendered. The browser keeps the focus inside. Escape calls `close`. */
export function Dialog({ title, close, children }: { title: string; close(): void; children: ReactNode }) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog?.open === false) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      className="m-auto max-h-[92dvh] w-[min(40rem,calc(100vw-1.5rem))] overflow-y-auto rounded-xl border border-line bg-surface p-0 text-ink shadow-xl"
    >
      <div className="flex items-center justify-between gap-3 border-b border-line px-5 py-3">
        <h2 id={id} className="text-lg font-semibold">
          {title}
        </h2>
        <Button look="quiet" onClick={close} aria-label="Close">
          <span aria-hidden="true">✕</span>
        </Button>
      </div>
      <div className="px-5 py-4">{children}</div>
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  children: ReactNode;
  action: string;
  busy: boolean;
  problem?: string | undefined;
  confirm(): void;
  close(): void;
}

export function Confirm({ title, children, action, busy, problem, confirm, close }: ConfirmProps) {
  return (
    <Dialog title={title} close={close}>
      <div className="flex flex-col gap-4">
        <div>{children}</div>
        {problem !== undefined && (
          <p role="alert" className="text-down">
            {problem}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={close}>Cancel</Button>
          <Button look="danger" disabled={busy} onClick={confirm}>
            {action}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
