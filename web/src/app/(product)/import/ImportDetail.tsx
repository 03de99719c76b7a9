"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, newIdempotencyKey } from "@/api/client";
import { useMay } from "@/api/hooks";
import { Problems } from "@/app/(product)/import/Problems";
import { Button } from "@/components/Button";
import { Facts } from "@/components/Page";
import { PreviewDialog } from "@/components/PreviewDialog";
import { Sheet } from "@/components/Sheet";
import { Loaded } from "@/components/States";
import { formatCount, formatMoment } from "@/figures/format";
import { notify } from "@/state/toasts";

/** One past import: what it added, which rows it refused and why, and the way to undo it. */
export function ImportDetail({ id, onClose }: { id: string | null; onClose: () => void }) {
  const query = useQuery({
    queryKey: ["banking", "import", id],
    enabled: id !== null,
    queryFn: () =>
      answer(api.GET("/api/v1/imports/{import_id}", { params: { path: { import_id: id ?? "" } } })),
  });
  return (
    <Sheet onClose={onClose} open={id !== null} title={query.data?.filename ?? "Import"}>
      <Loaded query={query}>
        {(row) => (
          <div className="flex flex-col gap-4">
            <Facts
              items={[
                ["Read as", row.format],
                ["Imported", `${formatMoment(row.imported_at)} by ${row.imported_by}`],
                ["Added", formatCount(row.added)],
                ["Already there", formatCount(row.duplicates)],
                ["Refused", formatCount(row.refused)],
                ["Size", `${formatCount(row.size_bytes)} bytes`],
                [
                  "SHA-256",
                  <code className="font-mono text-2xs break-all" key="s">
                    {row.sha256}
                  </code>,
                ],
                ...(row.undone_at ? ([["Undone", formatMoment(row.undone_at)]] as const) : []),
              ]}
            />
            {row.problems.length > 0 ? (
              <Problems problems={row.problems} total={row.problems.length} />
            ) : null}
            {row.undone_at === null ? (
              <Undo added={row.added} id={row.import_id} name={row.filename} />
            ) : null}
          </div>
        )}
      </Loaded>
    </Sheet>
  );
}

function Undo({ id, name, added }: { id: string; name: string; added: number }) {
  const [asking, setAsking] = useState(false);
  const [key] = useState(newIdempotencyKey);
  const client = useQueryClient();
  const mayWrite = useMay("banking:write");
  const undo = useMutation({
    mutationFn: () =>
      answer(
        api.POST("/api/v1/imports/{import_id}/undo", {
          params: { path: { import_id: id }, header: { "Idempotency-Key": key } },
          body: { import_id: id },
        }),
      ),
    onSuccess: (result) => {
      void client.invalidateQueries();
      setAsking(false);
      notify({
        tone: "good",
        title: "The import is undone",
        text: `${formatCount(result.reversed)} activities reversed`,
      });
    },
  });
  if (!mayWrite) return null;
  return (
    <>
      <Button className="self-start" onClick={() => setAsking(true)} tone="danger">
        Undo this import
      </Button>
      <PreviewDialog
        busy={undo.isPending}
        confirm="Undo the import"
        danger
        facts={[
          ["File", name],
          ["Activities reversed", formatCount(added)],
        ]}
        onClose={() => setAsking(false)}
        onConfirm={() => undo.mutate()}
        open={asking}
        reversible="Every activity it added is reversed; accounts and instruments it opened stay. The file can be imported again."
        title="Undo this import?"
      />
    </>
  );
}
