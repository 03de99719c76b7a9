import type { Preview } from "@storybook/react-vite";
import { QueryClientProvider } from "@tanstack/react-query";
import { useEffect, type ReactNode } from "react";
import { newQueryClient } from "../src/api/queryClient";
import "../src/styles/globals.css";

const client = newQueryClient();

function Themed({ theme, children }: { theme: string; children: ReactNode }) {
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  return (
    <QueryClientProvider client={client}>
      <div className="p-6">{children}</div>
    </QueryClientProvider>
  );
}

const preview: Preview = {
  parameters: { layout: "fullscreen" },
  initialGlobals: { theme: "light" },
  globalTypes: {
    theme: { toolbar: { title: "Theme", items: ["light", "dark"], dynamicTitle: true } },
  },
  decorators: [
    (Story, context) => (
      <Themed theme={String(context.globals.theme)}>
        <Story />
      </Themed>
    ),
  ],
};

export default preview;
