/** Short notices at the edge of the page; each says what happened and goes by itself. */
import { create } from "zustand";

export interface Toast {
  id: number;
  tone: "good" | "bad" | "plain";
  title: string;
  text?: string | undefined;
  action?: { label: string; run: () => void } | undefined;
}

interface Toasts {
  items: Toast[];
  add: (toast: Omit<Toast, "id">) => void;
  drop: (id: number) => void;
}

const TOASTS_MAX = 4;
let last = 0;

export const useToasts = create<Toasts>((set) => ({
  items: [],
  add: (toast) => {
    last += 1;
    set(({ items }) => ({ items: [...items, { ...toast, id: last }].slice(-TOASTS_MAX) }));
  },
  drop: (id) => {
    set(({ items }) => ({ items: items.filter((item) => item.id !== id) }));
  },
}));

export function notify(toast: Omit<Toast, "id">): void {
  useToasts.getState().add(toast);
}
