"use client";
import type { ReactNode } from "react";
import { Button } from "@/components/Button";
import { Facts } from "@/components/Page";
import { Sheet } from "@/components/Sheet";
import { Icon } from "@/components/Icon";

interface Props {
  open: boolean;
  onClose: () => void;
  onConfirm: () => void;
  title: string;
  about?: string;
  confirm: string;
  busy?: boolean;
  danger?: boolean;
  /** What exactly will happen, as the server's dry run says. */
  facts: readonly (readonly [name: string, value: ReactNode])[];
  reversible: string;
  children?: ReactNode;
}

/** Asks before something counts: what will happen, and whether it can be undone, in words. */
export function PreviewDialog({
  open,
  onClose,
  onConfirm,
  title,
  about,
  confirm,
  busy,
  danger,
  facts,
  reversible,
  children,
}: Props) {
  return (
    <Sheet
      about={about}
      as="dialog"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button busy={busy ?? false} onClick={onConfirm} tone={danger ? "danger" : "primary"}>
            {confirm}
          </Button>
        </>
      }
      onClose={onClose}
      open={open}
      title={title}
    >
      <Facts items={facts} />
      {children}
      <p className="mt-4 flex gap-2 rounded-md bg-sunken px-3 py-2 text-xs text-muted">
        <Icon className="mt-0.5 shrink-0" name="info" size={14} />
        {reversible}
      </p>
    </Sheet>
  );
}
