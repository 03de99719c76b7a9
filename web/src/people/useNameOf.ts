import { useQuery } from "@tanstack/react-query";
import { answer, api } from "@/api/client";
import { useMay, useMe } from "@/api/hooks";
import { inWords } from "@/figures/format";

export interface Actor {
  actor_kind: string;
  user_id: string | null;
}

const KINDS: Readonly<Record<string, string>> = { system: "Bursar", nobody: "Not signed in" };

/** Say who did something; names of other people are known to those who manage people only. */
export function useNameOf(): (actor: Actor) => string {
  const me = useMe();
  const people = useQuery({
    queryKey: ["identity", "people"],
    enabled: useMay("admin"),
    queryFn: () => answer(api.GET("/api/v1/people", { params: { query: { limit: 500 } } })),
  });
  return ({ actor_kind: kind, user_id: id }) => {
    if (id === null) return KINDS[kind] ?? inWords(kind);
    const known = people.data?.items.find((one) => one.person_id === id);
    const name =
      id === me.data?.person_id
        ? me.data.display_name
        : (known?.display_name ?? `Person ${id.slice(-6)}`);
    return kind === "person" ? name : `${inWords(kind)} of ${name}`;
  };
}
