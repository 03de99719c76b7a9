/** The icons of the product: one 16-pixel grid, one stroke, drawn here so that nothing is fetched. */
const PATHS = {
  overview: "M2.5 13.5v-5M6.2 13.5v-8M9.8 13.5v-6M13.5 13.5v-11",
  accounts: "M2 6.5 8 3l6 3.5M3 6.5h10M4 9v3M8 9v3M12 9v3M2.5 13.5h11",
  portfolio: "M8 2a6 6 0 1 0 6 6H8V2ZM10.5 2.5A6 6 0 0 1 13.6 5.5H10.5z",
  transactions: "M3 5h9.5M10 2.5 12.5 5 10 7.5M13 11H3.5M6 8.5 3.5 11 6 13.5",
  import: "M8 2.5v7M5 6.8 8 9.8l3-3M2.5 10.5v3h11v-3",
  prices: "M2 11.5 6 7l3 3 5-6M10.5 4H14v3.5",
  payments: "M1.5 4.5h13v8h-13zM1.5 7h13M4 10h2.5",
  activity: "M2.500 4h.1M5.500 4h8M2.500 8h.1M5.500 8h8M2.500 12h.1M5.500 12h8",
  jobs: "M13.500 8a5.500 5.500 0 1 1-1.600-3.900M13.500 2.500v3h-3",
  settings: "M2 4.5h7M12.5 4.5H14M2 11.5h1.5M7 11.5h7M10.7 2.8v3.4M5.2 9.8v3.4",
  admin:
    "M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM1.5 13.5c.4-2.4 2.2-3.8 4.5-3.8s4.1 1.4 4.5 3.8M11 2.8a2.4 2.4 0 0 1 0 4.5M12.5 10.2c1.100.6 1.800 1.700 2 3.300",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.7 10.7 14 14",
  close: "M3.5 3.5l9 9M12.500 3.500l-9 9",
  check: "M3 8.500 6.500 12 13 4.500",
  back: "M9.500 3 4.500 8l5 5",
  next: "M6 3l5 5-5 5",
  down: "M3.500 6 8 10.500 12.500 6",
  warning: "M8 2.500 14.500 13.500h-13zM8 6.500v3M8 11.500v.1",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 7.300v3.700M8 5v.1",
  menu: "M2 4.500h12M2 8h12M2 11.500h12",
  sun: "M8 10.800a2.800 2.800 0 1 0 0-5.600 2.800 2.800 0 0 0 0 5.600ZM8 1.500v1.500M8 13v1.500M1.500 8H3M13 8h1.500M3.400 3.400l1 1M11.600 11.600l1 1M3.400 12.600l1-1M11.600 4.400l1-1",
  moon: "M13.500 9.800A6 6 0 0 1 6.200 2.500a6 6 0 1 0 7.300 7.300Z",
  screen: "M2 3h12v8H2zM5.500 13.500h5",
  download: "M8 2.500v8M5 7.500l3 3 3-3M2.500 13.500h11",
  plus: "M8 3v10M3 8h10",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.800V8l2.300 1.500",
  file: "M4 1.800h5L12.500 5.300v9H4zM9 1.800v3.500h3.500",
  lock: "M3.500 7.500h9v6h-9zM5.500 7.500v-2a2.500 2.500 0 0 1 5 0v2",
  leave: "M6.500 2.500h-3v11h3M6.500 8h7M10.800 5.200 13.500 8l-2.700 2.800",
  keyboard: "M1.500 4h13v8h-13zM4 6.500h.1M6.700 6.500h.1M9.300 6.500h.1M12 6.500h.1M5 9.500h6",
  copy: "M5.500 5.500h8v8h-8zM10.500 5.500v-3h-8v8h3",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({
  name,
  size = 16,
  className,
}: {
  name: IconName;
  size?: number;
  className?: string | undefined;
}) {
  return (
    <svg
      aria-hidden="true"
      className={className}
      fill="none"
      height={size}
      stroke="currentColor"
      strokeLinecap="round"
      strokeLinejoin="round"
      strokeWidth={1.4}
      viewBox="0 0 16 16"
      width={size}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
