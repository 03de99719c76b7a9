/** Light or dark: follows the system until a person chooses; the choice stays in this browser. */
import { create } from "zustand";

const THEME_KEY = "bursar.theme";
export type ThemeChoice = "system" | "light" | "dark";

/** Runs before the first paint, so that no page flashes in the other theme. */
export const THEME_SCRIPT = `(()=>{let c=null;try{c=localStorage.getItem("${THEME_KEY}")}catch{}const d=c==="dark"||(c!=="light"&&matchMedia("(prefers-color-scheme: dark)").matches);document.documentElement.dataset.theme=d?"dark":"light"})()`;

function stored(): ThemeChoice {
  if (typeof window === "undefined") return "system";
  const choice = window.localStorage.getItem(THEME_KEY);
  return choice === "light" || choice === "dark" ? choice : "system";
}

function resolved(choice: ThemeChoice): "light" | "dark" {
  if (choice !== "system") return choice;
  return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

interface Theme {
  choice: ThemeChoice;
  shown: "light" | "dark";
  choose: (choice: ThemeChoice) => void;
  follow: () => void;
}

export const useTheme = create<Theme>((set, get) => ({
  choice: "system",
  shown: "light",
  choose: (choice) => {
    if (choice === "system") window.localStorage.removeItem(THEME_KEY);
    else window.localStorage.setItem(THEME_KEY, choice);
    const shown = resolved(choice);
    document.documentElement.dataset.theme = shown;
    set({ choice, shown });
  },
  follow: () => {
    const choice = get().choice === "system" ? stored() : get().choice;
    const shown = resolved(choice);
    document.documentElement.dataset.theme = shown;
    set({ choice, shown });
  },
}));
