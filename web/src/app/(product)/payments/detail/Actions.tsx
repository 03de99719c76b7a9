"use client";
import { useState } from "react";
import { CapturePayment } from "@/app/(product)/payments/detail/CapturePayment";
import { RefundPayment } from "@/app/(product)/payments/detail/RefundPayment";
import { ReleasePayment } from "@/app/(product)/payments/detail/ReleasePayment";
import { ReversePayment } from "@/app/(product)/payments/detail/ReversePayment";
import type { PaymentDetailed } from "@/app/(product)/payments/payments";
import { Button } from "@/components/Button";
import { isPositive } from "@/figures/decimal";

const DIALOGS = {
  capture: CapturePayment,
  release: ReleasePayment,
  refund: RefundPayment,
  reverse: ReversePayment,
};

type Action = keyof typeof DIALOGS;

/** What can be done with a payment as it stands; the server decides again when asked. */
function possible(payment: PaymentDetailed): readonly (readonly [Action, string])[] {
  const held = isPositive(payment.on_hold);
  return [
    ...(held ? ([["capture", "Capture"]] as const) : []),
    ...(held ? ([["release", "Release"]] as const) : []),
    ...(isPositive(payment.refundable) ? ([["refund", "Refund"]] as const) : []),
    ...(payment.status === "succeeded" ? ([["reverse", "Reverse"]] as const) : []),
  ];
}

export function Actions({ payment }: { payment: PaymentDetailed }) {
  const [open, setOpen] = useState<Action | null>(null);
  const Dialog = open && DIALOGS[open];
  return (
    <>
      {possible(payment).map(([action, text], index) => (
        <Button
          key={action}
          onClick={() => setOpen(action)}
          tone={index === 0 && action === "capture" ? "primary" : "plain"}
        >
          {text}
        </Button>
      ))}
      {Dialog ? <Dialog onClose={() => setOpen(null)} payment={payment} /> : null}
    </>
  );
}
