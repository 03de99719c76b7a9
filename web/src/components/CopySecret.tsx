"use client";
import { useState } from "react";
import { Button } from "@/components/Button";
import { Icon } from "@/components/Icon";

/** A secret that is shown once, with a button that copies it. */
export function CopySecret({ secret, label }: { secret: string; label: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className="flex items-center gap-2">
      <code className="min-w-0 flex-1 rounded-md border bg-sunken px-2.5 py-1.5 font-mono text-xs break-all">
        {secret}
      </code>
      <Button
        aria-label={`Copy ${label}`}
        onClick={() => {
          void navigator.clipboard.writeText(secret).then(() => setCopied(true));
        }}
      >
        <Icon name={copied ? "check" : "copy"} size={14} />
        {copied ? "Copied" : "Copy"}
      </Button>
    </div>
  );
}
