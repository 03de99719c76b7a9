"use client";
import { useMutation } from "@tanstack/react-query";
import { DropdownMenu } from "radix-ui";
import { answer, api, type Schemas } from "@/api/client";
import { Button } from "@/components/Button";
import { Icon } from "@/components/Icon";
import { formatCount } from "@/figures/format";
import { saveFile } from "@/forms/saveFile";
import { notify } from "@/state/toasts";

const FORMATS: readonly (readonly [Schemas["ExportFormat"], string, string])[] = [
  ["csv", "CSV", "One row for each activity"],
  ["json", "JSON", "Everything, to be read back exactly"],
  ["beancount", "Beancount", "A plain-text ledger"],
];

/** Take the book out, of the account and days that are shown. */
export function ExportMenu({
  account,
  firstDay,
  lastDay,
}: {
  account: string;
  firstDay: string;
  lastDay: string;
}) {
  const take = useMutation({
    mutationFn: (format: Schemas["ExportFormat"]) =>
      answer(
        api.GET("/api/v1/exports/{format}", {
          params: {
            path: { format },
            query: {
              account: account || null,
              first_day: firstDay || null,
              last_day: lastDay || null,
            },
          },
        }),
      ),
    onSuccess: (file) => {
      saveFile(file.filename, file.media_type, file.content);
      notify({
        tone: "good",
        title: `${file.filename} is saved`,
        text: `${formatCount(file.rows)} activities`,
      });
    },
  });
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <Button busy={take.isPending}>
          <Icon name="download" size={14} />
          Export
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          className="z-50 w-64 animate-rise rounded-lg border bg-raised p-1 shadow-float"
          sideOffset={6}
        >
          {FORMATS.map(([format, name, about]) => (
            <DropdownMenu.Item
              className="cursor-pointer rounded px-2 py-1.5 text-sm outline-none data-highlighted:bg-sunken"
              key={format}
              onSelect={() => take.mutate(format)}
            >
              <span className="block font-medium">{name}</span>
              <span className="block text-xs text-muted">{about}</span>
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
