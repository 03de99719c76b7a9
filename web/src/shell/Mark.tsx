/** Bursar's mark: an open book whose two pages balance. */
export function Mark({ size = 20 }: { size?: number }) {
  return (
    <svg aria-hidden="true" height={size} viewBox="0 0 20 20" width={size}>
      <rect className="fill-accent" height="20" rx="5" width="20" />
      <path
        className="fill-none stroke-on-accent"
        d="M5 6.2c1.900-.5 3.700-.2 5 .9 1.300-1.100 3.100-1.400 5-.9v7.400c-1.900-.5-3.700-.2-5 .9-1.300-1.100-3.100-1.400-5-.9zM10 7.100v7.400"
        strokeLinejoin="round"
        strokeWidth="1.4"
      />
    </svg>
  );
}
