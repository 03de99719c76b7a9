"use client";
import { useId, useState, type ReactNode, type SubmitEvent } from "react";
import { useIntent, type Sending } from "@/app/(product)/payments/useIntent";
import { Button } from "@/components/Button";
import { classes } from "@/components/classes";
import { Icon } from "@/components/Icon";
import { Facts } from "@/components/Page";
import { Sheet } from "@/components/Sheet";
import { Refusal } from "@/forms/Refusal";

type Problems = Readonly<Record<string, string>>;
type Fact = readonly [name: string, value: ReactNode];

interface Props<Body, Result> {
  title: string;
  about?: string;
  /** The words of the button that moves the money, from what the server would do. */
  confirm: (result: Result) => string;
  danger?: boolean;
  /** Read the form into a request, or say what is wrong, by the field's name. */
  read: (form: FormData) => { body: Body } | { problems: Problems };
  send: (body: Body, how: Sending) => Promise<Result>;
  facts: (result: Result) => readonly Fact[];
  reversible: (result: Result) => string;
  onClose: () => void;
  onDone: (result: Result) => void;
  children: (problems: Problems) => ReactNode;
}

/** The preview is read first: Enter pressed twice must not move money. */
function focused(element: HTMLElement | null): void {
  element?.focus();
}

/**
 * Moves money in two steps: fill in, then see exactly what the server would do, and confirm. The
 * form stays as it was when one goes back.
 */
export function MoneyDialog<Body, Result>(props: Props<Body, Result>) {
  const { title, about, onClose, read, send, onDone } = props;
  const form = useId();
  const [problems, setProblems] = useState<Problems>({});
  const [body, setBody] = useState<Body | null>(null);
  const { preview, commit } = useIntent(send);
  const shown = body !== null ? preview.data : undefined;

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const outcome = read(new FormData(event.currentTarget));
    if ("problems" in outcome) {
      setProblems(outcome.problems);
      return;
    }
    setProblems({});
    preview.mutate(outcome.body, { onSuccess: () => setBody(outcome.body) });
  }

  return (
    <Sheet
      about={shown === undefined ? about : "Nothing has moved yet. This is what would happen."}
      as="dialog"
      footer={
        shown === undefined ? (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button busy={preview.isPending} form={form} tone="primary" type="submit">
              Preview
            </Button>
          </>
        ) : (
          <>
            <Button
              disabled={commit.isPending}
              onClick={() => {
                commit.reset();
                setBody(null);
              }}
            >
              Back
            </Button>
            <Button
              busy={commit.isPending}
              onClick={() => {
                if (body !== null) commit.mutate(body, { onSuccess: onDone });
              }}
              tone={props.danger ? "danger" : "primary"}
            >
              {props.confirm(shown)}
            </Button>
          </>
        )
      }
      onClose={onClose}
      open
      title={title}
    >
      <form
        className={classes("flex flex-col gap-4", shown !== undefined && "hidden")}
        id={form}
        noValidate
        onSubmit={submit}
      >
        {props.children(problems)}
        {preview.error ? <Refusal error={preview.error} /> : null}
      </form>
      {shown === undefined ? null : (
        <div
          aria-label="Preview"
          className="flex flex-col gap-4 outline-none"
          ref={focused}
          role="group"
          tabIndex={-1}
        >
          <Facts items={props.facts(shown)} />
          <p className="flex gap-2 rounded-md bg-sunken px-3 py-2 text-xs text-muted">
            <Icon className="mt-0.5 shrink-0" name="info" size={14} />
            <span>
              <span className="block font-medium text-ink">
                In Bursar&rsquo;s book only: no bank is told, no money moves outside.
              </span>
              {props.reversible(shown)}
            </span>
          </p>
          {commit.error ? <Refusal error={commit.error} /> : null}
        </div>
      )}
    </Sheet>
  );
}
