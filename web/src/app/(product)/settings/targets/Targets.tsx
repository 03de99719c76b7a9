"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { answer, api, type Schemas } from "@/api/client";
import { useAllocation, useMay, useTargets } from "@/api/hooks";
import { SettingsTabs } from "@/app/(product)/settings/SettingsTabs";
import { Button } from "@/components/Button";
import { TextField } from "@/components/Field";
import { Icon } from "@/components/Icon";
import { Page, Section } from "@/components/Page";
import { ForbiddenState, Loaded, Skeleton } from "@/components/States";
import { inWords } from "@/figures/format";
import { Refusal } from "@/forms/Refusal";
import { textOf } from "@/forms/reading";
import { notify } from "@/state/toasts";

type Policy = Schemas["TargetPolicy"];
interface Weight {
  key: string;
  percent: string;
}

const PERCENT = /^\d{1,3}(\.\d{1,4})?$/;

/** Move the decimal point by two places, exactly: 12.5 is 0.125. */
export function asRatio(percent: string): string {
  const [whole = "0", part = ""] = percent.split(".");
  const digits = whole.padStart(3, "0");
  return `${digits.slice(0, -2)}.${digits.slice(-2)}${part}`.replace(/^0+(?=\d)/, "");
}

/** The same the other way: 0.125 is 12.5. */
export function asPercent(ratio: string): string {
  const [whole = "0", part = ""] = ratio.split(".");
  const digits = part.padEnd(2, "0");
  const shifted = `${whole}${digits.slice(0, 2)}.${digits.slice(2)}`;
  return shifted
    .replace(/\.?0*$/, (zeros) => (zeros.startsWith(".") ? "" : zeros))
    .replace(/^0+(?=\d)/, "");
}

/** The sum in ten-thousandths of a percent, so that no float decides whether it is 100. */
export function sumOf(weights: readonly Weight[]): number {
  return weights.reduce((sum, { percent }) => {
    const [whole = "0", part = ""] = percent.split(".");
    return sum + Number(whole) * 10_000 + Number(part.padEnd(4, "0").slice(0, 4));
  }, 0);
}

export function Targets() {
  const targets = useTargets();
  const classes = useAllocation("asset_class");
  const mayWrite = useMay("portfolio:write");
  return (
    <Page title="Settings">
      <SettingsTabs current="/settings/targets/" />
      <Section
        about="What share of the portfolio each class should have, and how far it may drift before it needs attention. Every change is a new version; older ones are kept."
        className="max-w-2xl"
        title="Target weights"
      >
        {!mayWrite && targets.data ? <ForbiddenState /> : null}
        {mayWrite ? (
          <Loaded query={targets} skeleton={<Skeleton className="h-48 w-full" />}>
            {(data) =>
              classes.data ? (
                <PolicyForm
                  held={classes.data.slices.map((slice) => slice.key)}
                  key={data.items[0]?.version}
                  policy={data.items[0]}
                />
              ) : (
                <Skeleton className="h-48 w-full" />
              )
            }
          </Loaded>
        ) : null}
      </Section>
    </Page>
  );
}

function startOf(policy: Policy | undefined, held: readonly string[]): Weight[] {
  if (policy)
    return Object.entries(policy.targets).map(([key, ratio]) => ({
      key,
      percent: asPercent(ratio),
    }));
  return held.map((key) => ({ key, percent: "" }));
}

/** What a new version keeps of the one before. */
function keptOf(policy: Policy): Partial<Schemas["SetTargets"]> {
  const { account, taxonomy, assets, bands, currency, cash_floor, no_sell, asset_weight_max } =
    policy;
  const { tax_rate_short, tax_rate_long, wash_sale_days, fee_rate, fee_fixed, whole_units } =
    policy;
  return {
    ...{ account, taxonomy, assets, bands, currency, cash_floor, no_sell, asset_weight_max },
    ...{ tax_rate_short, tax_rate_long, wash_sale_days, fee_rate, fee_fixed, whole_units },
  };
}

function PolicyForm({ policy, held }: { policy: Policy | undefined; held: readonly string[] }) {
  const client = useQueryClient();
  const [weights, setWeights] = useState(() => startOf(policy, held));
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: (body: Schemas["SetTargets"]) =>
      answer(api.PUT("/api/v1/portfolio/targets", { body })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["portfolio"] });
      notify({ tone: "good", title: "The targets are stored" });
    },
  });
  const readable = weights.every(({ percent }) => PERCENT.test(percent || "0"));
  const sum = readable ? sumOf(weights) : null;
  const exact = sum === 1_000_000;
  const set = (index: number, part: Partial<Weight>) =>
    setWeights(weights.map((weight, at) => (at === index ? { ...weight, ...part } : weight)));

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    save.mutate({
      ...(policy ? keptOf(policy) : {}),
      name: policy?.name ?? "default",
      targets: Object.fromEntries(
        weights
          .filter(({ key, percent }) => key && percent)
          .map(({ key, percent }) => [key, asRatio(percent)]),
      ),
      band: {
        absolute: asRatio(textOf(form, "band") || "5"),
        relative: policy?.band.relative ?? null,
      },
      minimum_trade: textOf(form, "minimum_trade") || "0",
    });
  }

  return (
    <form className="flex flex-col gap-4" onSubmit={submit}>
      <ul className="flex flex-col gap-2.5">
        {weights.map((weight, index) => (
          <li className="flex items-end gap-2.5" key={String(index)}>
            <TextField
              className="flex-1"
              hideLabel={index > 0}
              label={
                policy && policy.taxonomy !== "asset_class" ? inWords(policy.taxonomy) : "Class"
              }
              onChange={(event) => set(index, { key: event.target.value.trim() })}
              required
              value={weight.key}
            />
            <TextField
              className="w-28"
              hideLabel={index > 0}
              inputMode="decimal"
              label="Weight in %"
              onChange={(event) => set(index, { percent: event.target.value.trim() })}
              value={weight.percent}
            />
            <Button
              aria-label={`Leave out ${weight.key || "this row"}`}
              className="px-2"
              onClick={() => setWeights(weights.filter((_, at) => at !== index))}
              tone="quiet"
            >
              <Icon name="close" size={14} />
            </Button>
          </li>
        ))}
      </ul>
      <div className="flex items-center justify-between">
        <Button onClick={() => setWeights([...weights, { key: "", percent: "" }])} size="small">
          <Icon name="plus" size={12} />
          Another class
        </Button>
        <p className={exact ? "text-sm text-muted" : "text-sm text-warn"} role="status">
          {sum === null
            ? "Write weights such as 60 or 12.5."
            : exact
              ? "Together 100 %"
              : `Together ${sum / 10_000} %; they must be 100 %.`}
        </p>
      </div>
      <div className="grid gap-4 border-t pt-4 sm:grid-cols-2">
        <TextField
          defaultValue={asPercent(policy?.band.absolute ?? "0.05")}
          hint="Percentage points either side"
          inputMode="decimal"
          label="Band"
          name="band"
          pattern="\d{1,2}(\.\d{1,4})?"
        />
        <TextField
          defaultValue={policy?.minimum_trade ?? "0"}
          hint="Trades below it are not proposed"
          inputMode="decimal"
          label="Smallest trade"
          name="minimum_trade"
          pattern="\d+(\.\d+)?"
        />
      </div>
      {save.error ? <Refusal error={save.error} /> : null}
      <Button
        busy={save.isPending}
        className="self-start"
        disabled={!exact}
        tone="primary"
        type="submit"
      >
        Store these targets
      </Button>
    </form>
  );
}
