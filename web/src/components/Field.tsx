import {
  useId,
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  type SelectHTMLAttributes,
} from "react";
import { classes } from "@/components/classes";
import { Icon } from "@/components/Icon";

const CONTROL =
  "h-8 w-full rounded-md border bg-surface px-2.5 text-sm text-ink transition-colors hover:border-faint disabled:opacity-60";

interface Frame {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  hideLabel?: boolean;
  className?: string | undefined;
}

interface Wiring {
  id: string;
  "aria-describedby"?: string;
  "aria-invalid"?: true;
}

function FieldFrame({
  label,
  hint,
  error,
  hideLabel,
  className,
  children,
}: Frame & { children: (wiring: Wiring) => ReactNode }) {
  const id = useId();
  const says = error ?? hint;
  const wiring: Wiring = {
    id,
    ...(says ? { "aria-describedby": `${id}-says` } : {}),
    ...(error ? { "aria-invalid": true } : {}),
  };
  return (
    <div className={className}>
      <label
        className={hideLabel ? "sr-only" : "mb-1 block text-xs font-medium text-ink"}
        htmlFor={id}
      >
        {label}
      </label>
      {children(wiring)}
      {says ? (
        <p
          className={classes("mt-1 text-xs", error ? "text-loss" : "text-muted")}
          id={`${id}-says`}
          role={error ? "alert" : undefined}
        >
          {says}
        </p>
      ) : null}
    </div>
  );
}

type TextProps = Frame & InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement> };

/** A labelled text field; its error is read out and tied to the field. */
export function TextField({ label, hint, error, hideLabel, className, ...input }: TextProps) {
  return (
    <FieldFrame {...{ label, hint, error, className }} hideLabel={hideLabel ?? false}>
      {(wiring) => (
        <input
          {...wiring}
          {...input}
          className={classes(CONTROL, error ? "border-loss" : "border-line-strong")}
        />
      )}
    </FieldFrame>
  );
}

interface SelectProps extends Omit<SelectHTMLAttributes<HTMLSelectElement>, "className"> {
  options: readonly (readonly [value: string, text: string])[];
}

/** A labelled choice: the platform's own list, which every keyboard and phone knows. */
export function SelectField({
  label,
  hint,
  error,
  hideLabel,
  className,
  options,
  ...select
}: Frame & SelectProps) {
  return (
    <FieldFrame {...{ label, hint, error, className }} hideLabel={hideLabel ?? false}>
      {(wiring) => (
        <span className="relative block">
          <select
            {...wiring}
            {...select}
            className={classes(CONTROL, "appearance-none border-line-strong pr-7")}
          >
            {options.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
          <Icon
            className="pointer-events-none absolute top-2.5 right-2 text-muted"
            name="down"
            size={12}
          />
        </span>
      )}
    </FieldFrame>
  );
}

interface CheckProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "type"> {
  label: string;
  hint?: string;
}

export function CheckField({ label, hint, ...input }: CheckProps) {
  const id = useId();
  return (
    <div className="flex gap-2">
      <input {...input} className="mt-0.5 size-4 accent-(--accent)" id={id} type="checkbox" />
      <label className="text-sm" htmlFor={id}>
        {label}
        {hint ? <span className="block text-xs text-muted">{hint}</span> : null}
      </label>
    </div>
  );
}
