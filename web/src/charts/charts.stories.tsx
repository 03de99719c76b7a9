import type { Meta } from "@storybook/react-vite";
import { TimeChart } from "@/charts/TimeChart";
import { WeightBars } from "@/charts/WeightBars";

export default { title: "Charts" } satisfies Meta;

const TEN_YEARS = Array.from({ length: 2520 }, (_, index) => ({
  day: new Date(Date.UTC(2013, 0, 1) + index * 86_400_000 * 1.45).toISOString().slice(0, 10),
  value: 100 + index / 20 + 12 * Math.sin(index / 60),
}));

export const TenYears = () => (
  <TimeChart label="Price" points={TEN_YEARS} write={(value) => `$${value.toFixed(2)}`} />
);

export const Weights = () => (
  <div className="max-w-md">
    <WeightBars
      rows={[
        {
          key: "stocks",
          name: "Stocks",
          weight: "0.473",
          target: "0.60",
          low: "0.55",
          high: "0.65",
          outside: true,
          detail: "47.3%",
        },
        {
          key: "cash",
          name: "Cash",
          weight: "0.527",
          target: "0.40",
          low: "0.35",
          high: "0.45",
          outside: true,
          detail: "52.7%",
        },
      ]}
    />
  </div>
);
