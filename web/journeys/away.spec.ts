import { connect, createServer, type Server, type Socket } from "node:net";
import { expect, test } from "@playwright/test";

/** A way to the server that can be cut and mended, as a server that is stopped and started. */
class Way {
  private server: Server | null = null;
  private readonly sockets = new Set<Socket>();
  port = 0;

  constructor(private readonly target: URL) {}

  async open(): Promise<void> {
    this.server = createServer((near) => {
      const far = connect(Number(this.target.port), this.target.hostname);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.sockets.add(from);
        from.pipe(to);
        from.on("error", () => to.destroy());
        from.on("close", () => {
          this.sockets.delete(from);
          to.destroy();
        });
      }
    });
    const server = this.server;
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    const address = server.address();
    if (typeof address === "object" && address) this.port = address.port;
  }

  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.server?.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

test("a server that stops is said to be away, and the page goes on by itself when it is back", async ({
  page,
  baseURL,
  request,
}) => {
  const way = new Way(new URL(baseURL ?? ""));
  await way.open();
  try {
    await page.goto(`http://127.0.0.1:${way.port}/payments/`);
    const rows = page.getByRole("table", { name: "Payments" }).getByRole("row");
    await expect(rows.nth(1)).toBeVisible();
    const before = await rows.count();
    await way.cut();
    const notice = page.getByText(/Bursar does not answer\. What you see is from/);
    await expect(notice).toBeVisible();
    await expect(rows).toHaveCount(before);

    const made = await request.post("/api/v1/payments", {
      headers: { "Idempotency-Key": `journey-${Date.now()}`, Origin: baseURL ?? "" },
      data: { payer_account: "Everyday checking", payee_name: "Journey Ferry", amount: "7.00" },
    });
    expect(made.ok()).toBe(true);
    await way.open();
    await expect(notice).toHaveCount(0);
    await expect(rows.filter({ hasText: "Journey Ferry" })).not.toHaveCount(0);
  } finally {
    await way.cut();
  }
});
