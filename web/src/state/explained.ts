/** Which figure the side sheet explains, with the way there, so that one can go back. */
import { create } from "zustand";

interface Explained {
  trail: string[];
  open: (figureId: string) => void;
  into: (figureId: string) => void;
  back: () => void;
  close: () => void;
}

export const useExplained = create<Explained>((set) => ({
  trail: [],
  open: (figureId) => {
    set({ trail: [figureId] });
  },
  into: (figureId) => {
    set(({ trail }) => ({ trail: [...trail, figureId] }));
  },
  back: () => {
    set(({ trail }) => ({ trail: trail.slice(0, -1) }));
  },
  close: () => {
    set({ trail: [] });
  },
}));
