"use client";
import { useProof, type JournalRow } from "@/app/(product)/activity/journal";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { classes } from "@/components/classes";
import { Icon } from "@/components/Icon";
import { Facts } from "@/components/Page";
import { Sheet } from "@/components/Sheet";
import { formatCount, formatMoment, inWords } from "@/figures/format";
import { Refusal } from "@/forms/Refusal";
import type { Actor } from "@/people/useNameOf";

interface Props {
  row: JournalRow | undefined;
  nameOf: (actor: Actor) => string;
  onClose: () => void;
}

const TONES: Readonly<Record<string, "accent" | "warn">> = { done: "accent", refused: "warn" };

/** One row of the journal: what happened to which objects, and the proof that it is sealed. */
export function JournalSheet({ row, nameOf, onClose }: Props) {
  return (
    <Sheet
      about={row ? formatMoment(row.at) : undefined}
      onClose={onClose}
      open={row !== undefined}
      title={row ? inWords(row.operation.split(".")[1] ?? row.operation) : ""}
    >
      {row ? (
        <div className="flex flex-col gap-6">
          <Facts
            items={[
              [
                "Outcome",
                <Badge key="o" tone={TONES[row.outcome] ?? "plain"}>
                  {inWords(row.outcome)}
                </Badge>,
              ],
              ...(row.error_code ? ([["Refused with", row.error_code]] as const) : []),
              ["Who", nameOf(row)],
              ["By", row.source],
              ["Operation", <Code key="p" text={row.operation} />],
              ["Row", formatCount(row.seq)],
              ["Request", <Code key="r" text={row.request_id} />],
              ...(row.credential_id
                ? ([["Credential", <Code key="c" text={row.credential_id} />]] as const)
                : []),
            ]}
          />
          <FactList facts={row.facts} />
          <Proof row={row} />
        </div>
      ) : null}
    </Sheet>
  );
}

function Code({ text }: { text: string }) {
  return <code className="font-mono text-xs break-all">{text}</code>;
}

function isRecord(fact: unknown): fact is Record<string, unknown> {
  return typeof fact === "object" && fact !== null && !Array.isArray(fact);
}

function written(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function FactList({ facts }: { facts: readonly unknown[] }) {
  if (facts.length === 0) return null;
  return (
    <section>
      <h3 className="mb-2 label-caps">What happened</h3>
      <ol className="flex flex-col gap-2">
        {facts.filter(isRecord).map((fact, index) => (
          <li className="rounded-md border px-3 py-2" key={index}>
            <p className="mb-1.5 text-sm font-medium">{written(fact.kind)}</p>
            <Facts
              items={Object.entries(fact)
                .filter(([name, value]) => name !== "kind" && value !== null)
                .map(([name, value]) => [inWords(name), <Code key={name} text={written(value)} />])}
            />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Proof({ row }: { row: JournalRow }) {
  const prove = useProof();
  return (
    <section>
      <h3 className="mb-2 label-caps">Proof</h3>
      {row.leaf_index === null ? (
        <p className="text-sm text-muted">This row is being sealed; it takes about a second.</p>
      ) : prove.data ? (
        <Proven {...prove.data} />
      ) : (
        <div className="flex flex-col items-start gap-3">
          <p className="text-sm text-muted">
            Your browser hashes the row anew, leads it up to the signed root and checks the
            signature: it need not believe the server&rsquo;s answer.
          </p>
          <Button busy={prove.isPending} onClick={() => prove.mutate(row.seq)}>
            <Icon name="lock" size={14} />
            Prove this row
          </Button>
        </div>
      )}
      {prove.error ? (
        <div className="mt-3">
          <Refusal error={prove.error} />
        </div>
      ) : null}
    </section>
  );
}

type Result = NonNullable<ReturnType<typeof useProof>["data"]>;

function Proven({ proof, verdict }: Result) {
  const steps = [
    [verdict.row, "The row is what was sealed", "The row is not what was sealed"],
    [
      verdict.root,
      `${proof.hashes.length} hashes lead to the root of ${formatCount(proof.checkpoint.size)} rows`,
      "The hashes do not lead to the signed root",
    ],
    [
      verdict.signature,
      `Key ${proof.checkpoint.key_id} signed this root on ${formatMoment(proof.checkpoint.at)}`,
      "The signature is wrong",
    ],
  ] as const;
  return (
    <ul aria-label="Steps of the proof" className="flex flex-col gap-2 text-sm">
      {steps.map(([holds, yes, no]) => (
        <li className="flex gap-2" key={yes}>
          <Icon
            className={classes("mt-0.5 shrink-0", holds ? "text-gain" : "text-loss")}
            name={holds ? "check" : "warning"}
            size={14}
          />
          {holds === null
            ? "This browser cannot check Ed25519 signatures; 'bursar audit verify' can"
            : holds
              ? yes
              : no}
        </li>
      ))}
    </ul>
  );
}
