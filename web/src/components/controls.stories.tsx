import type { Meta } from "@storybook/react-vite";
import { useState } from "react";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { CopySecret } from "@/components/CopySecret";
import { CheckField, SelectField, TextField } from "@/components/Field";
import { Icon } from "@/components/Icon";
import { PageTabs, Segments } from "@/components/Tabs";

export default { title: "Controls" } satisfies Meta;

export const Buttons = () => (
  <div className="flex flex-wrap gap-3">
    {(["primary", "plain", "quiet", "danger"] as const).map((tone) => (
      <Button key={tone} tone={tone}>
        {tone}
      </Button>
    ))}
    <Button busy tone="primary">
      Busy
    </Button>
    <Button disabled>Disabled</Button>
    <Button size="small">
      <Icon name="plus" size={12} />
      Small
    </Button>
  </div>
);

export const Fields = () => (
  <div className="grid max-w-md gap-4">
    <TextField hint="As the bank writes it" label="Name" />
    <TextField defaultValue="abc" error="This is not an amount." label="Amount" />
    <SelectField
      label="Currency"
      options={[
        ["USD", "USD"],
        ["EUR", "EUR"],
      ]}
    />
    <CheckField hint="Otherwise one bad row refuses the whole file." label="Take the good rows" />
  </div>
);

export const Choices = () => {
  const [value, setValue] = useState<"1y" | "all">("all");
  return (
    <div className="flex flex-col gap-4">
      <Segments
        label="Range"
        onChange={setValue}
        options={[
          ["1y", "1Y"],
          ["all", "All"],
        ]}
        value={value}
      />
      <PageTabs
        current="/portfolio/"
        label="Portfolio"
        tabs={[
          ["/portfolio/", "Positions"],
          ["/portfolio/performance/", "Performance"],
        ]}
      />
    </div>
  );
};

export const Badges = () => (
  <div className="flex gap-2">
    <Badge>Closed</Badge>
    <Badge tone="accent">You</Badge>
    <Badge tone="warn">Outside its band</Badge>
    <Badge tone="bad">Refused</Badge>
  </div>
);

export const Secret = () => <CopySecret label="token" secret="shown-once-and-never-again" />;
