"use client";
import { useState } from "react";
import { classes } from "@/components/classes";
import { Icon } from "@/components/Icon";

const ACCEPTED = ".ofx,.qfx,.qif,.csv,.tsv,.txt,.xml,.json";

export function DropZone({ onFile }: { onFile: (file: File) => void }) {
  const [over, setOver] = useState(false);
  return (
    <label
      className={classes(
        "flex cursor-pointer flex-col items-center gap-2 rounded-xl border-2 border-dashed px-6 py-12 text-center transition-colors has-focus-visible:outline-2 has-focus-visible:outline-accent",
        over ? "border-accent bg-accent-soft" : "border-line-strong bg-surface hover:border-faint",
      )}
      onDragLeave={() => setOver(false)}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer.files[0];
        if (file) onFile(file);
      }}
    >
      <span className="flex size-10 items-center justify-center rounded-full bg-sunken text-muted">
        <Icon name="import" size={18} />
      </span>
      <span className="text-sm font-medium">Drop a statement here, or choose one</span>
      <span className="text-xs text-muted">The file goes to your own server and nowhere else.</span>
      <input
        accept={ACCEPTED}
        className="sr-only"
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) onFile(file);
          event.target.value = "";
        }}
        type="file"
      />
    </label>
  );
}
