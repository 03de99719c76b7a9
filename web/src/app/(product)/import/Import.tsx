"use client";
import { Suspense, useState } from "react";
import { useAddressPart } from "@/shell/address";
import { useMay } from "@/api/hooks";
import { DropZone } from "@/app/(product)/import/DropZone";
import { ImportDetail } from "@/app/(product)/import/ImportDetail";
import { ImportFlow } from "@/app/(product)/import/ImportFlow";
import { PastImports } from "@/app/(product)/import/PastImports";
import { Page } from "@/components/Page";
import { ForbiddenState, SkeletonRows } from "@/components/States";

/** Drop a file, see what it would do, then let it count. Past imports below, each to be undone. */
export function Import() {
  return (
    <Suspense fallback={<SkeletonRows />}>
      <Steps />
    </Suspense>
  );
}

function Steps() {
  const [file, setFile] = useState<File | null>(null);
  const [id, setId] = useAddressPart("id");
  const mayWrite = useMay("banking:write");
  return (
    <Page
      about="OFX, QIF, CSV of any bank, camt.053, IBKR Flex or Bursar's own JSON. Nothing counts before you confirm, and importing a file twice adds nothing."
      title="Import"
    >
      {!mayWrite ? (
        <section className="card">
          <ForbiddenState />
        </section>
      ) : file ? (
        <ImportFlow
          file={file}
          key={`${file.name}${file.size}${file.lastModified}`}
          onDone={(done) => {
            setFile(null);
            if (done) setId(done);
          }}
        />
      ) : (
        <DropZone onFile={setFile} />
      )}
      <PastImports onOpen={setId} />
      <ImportDetail id={id} onClose={() => setId(null)} />
    </Page>
  );
}
