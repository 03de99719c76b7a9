"use client";
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { classes } from "@/components/classes";
import { Icon } from "@/components/Icon";

/** Begin in the first field where there is one, else on the sheet itself, never on its close button. */
function focusFirstField(event: Event): void {
  event.preventDefault();
  const content = event.currentTarget instanceof HTMLElement ? event.currentTarget : null;
  const field = content?.querySelector<HTMLElement>("input, select, textarea");
  (field ?? content)?.focus();
}

interface Props {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  about?: ReactNode;
  before?: ReactNode;
  children: ReactNode;
  footer?: ReactNode;
  /** A sheet comes from the right edge; a dialog stands in the middle. */
  as?: "sheet" | "dialog";
}

const PLACES = {
  sheet: "inset-y-0 right-0 w-full max-w-[34rem] border-l animate-slide-in",
  dialog:
    "inset-x-3 top-[8dvh] mx-auto max-h-[84dvh] max-w-[32rem] rounded-xl border animate-rise sm:inset-x-0",
};

/**
 * What lies above the page: focus stays inside, Escape closes, the page behind does not scroll.
 * The veil is a plain element, not Radix's overlay, whose scroll lock writes inline styles that the
 * content security policy forbids; `data-covers-page` does the same by a rule.
 */
export function Sheet({
  open,
  onClose,
  title,
  about,
  before,
  children,
  footer,
  as = "sheet",
}: Props) {
  return (
    <Dialog.Root onOpenChange={(next) => (next ? undefined : onClose())} open={open}>
      <Dialog.Portal>
        <div
          aria-hidden="true"
          className="fixed inset-0 z-40 animate-fade bg-black/35 dark:bg-black/55"
          data-covers-page
        />
        <Dialog.Content
          {...(about ? {} : { "aria-describedby": undefined })}
          onOpenAutoFocus={focusFirstField}
          className={classes(
            "fixed z-50 flex flex-col bg-surface shadow-float outline-none",
            PLACES[as],
          )}
        >
          <header className="flex items-start gap-3 border-b px-4 py-3 sm:px-5">
            {before}
            <div className="min-w-0 flex-1">
              <Dialog.Title className="text-sm font-semibold">{title}</Dialog.Title>
              {about ? (
                <Dialog.Description className="mt-0.5 text-xs text-muted">
                  {about}
                </Dialog.Description>
              ) : null}
            </div>
            <Dialog.Close
              aria-label="Close"
              className="-mr-1 rounded p-1 text-muted hover:bg-sunken hover:text-ink"
            >
              <Icon name="close" />
            </Dialog.Close>
          </header>
          <div
            className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-4 py-4 sm:px-5"
            tabIndex={-1}
          >
            {children}
          </div>
          {footer ? (
            <footer className="flex flex-wrap justify-end gap-2 border-t px-4 py-3 sm:px-5">
              {footer}
            </footer>
          ) : null}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
