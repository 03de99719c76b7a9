import type { Meta } from "@storybook/react-vite";
import { PreviewDialog } from "@/components/PreviewDialog";
import { Sheet } from "@/components/Sheet";
import { Money } from "@/figures/Money";

export default { title: "Layers" } satisfies Meta;

const nothing = () => undefined;

export const SideSheet = () => (
  <Sheet about="Where this figure comes from" onClose={nothing} open title="Net worth">
    <p className="text-sm">Everything that does not fit beside the page.</p>
  </Sheet>
);

export const Preview = () => (
  <PreviewDialog
    confirm="Undo it"
    danger
    facts={[
      ["Transaction", "Green Grocer"],
      ["Cash comes back", <Money currency="USD" key="c" sign="always" value="287.15" />],
    ]}
    onClose={nothing}
    onConfirm={nothing}
    open
    reversible="A reversal stays in the book and cannot itself be undone."
    title="Undo this transaction?"
  />
);
