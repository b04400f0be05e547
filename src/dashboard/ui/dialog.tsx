import { type ReactNode, useEffect, useId, useRef } from "react";
import { Button } from "./button.tsx";
import { mayDiscard, useUnsaved } from "./unsaved.ts";

interface DialogProps {
  title: string;
  /** Whether something was typed that would be lost; Escape and the cross then ask first. */
  isUnsaved?: boolean;
  close(): void;
  children: ReactNode;
}

/**
 * A modal dialog that is open as long as it is rendered. The browser keeps the focus inside. Escape calls `close`. It
 * begins in the first field and ends where the focus was before.
 */
export function Dialog({ title, isUnsaved = false, close, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useUnsaved(isUnsaved);
  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    if (dialog?.open === false) dialog.showModal();
    dialog?.querySelector<HTMLElement>(FIELD)?.focus();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const leave = () => {
    if (!isUnsaved || mayDiscard()) close();
  };
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        leave();
      }}
      className="m-auto max-h-[92dvh] w-[min(40rem,calc(100vw-1.5rem))] overflow-y-auto rounded-xl border border-line bg-surface p-0 text-ink shadow-xl"
    >
      <div className="flex items-center justify-between gap-3 border-b border-line px-5 py-3">
        <h2 id={id} className="text-lg font-semibold">
          {title}
        </h2>
        <Button look="quiet" onClick={leave} aria-label="Close">
          <span aria-hidden="true">✕</span>
        </Button>
      </div>
      <div className="px-5 py-4">{children}</div>
    </dialog>
  );
}

const FIELD = "input:not([type=hidden], [hidden]), select, textarea";

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
