"""Two pages without the build: how to get the pages, and the sign-in by a one-time link."""

HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><link rel="icon" href="/docs/assets/favicon.png"></head>
"""
NOT_BUILT = (
    HEAD.format(title="Bursar")
    + """<body><main><h1>Bursar is running</h1>
<p>Its web pages were not built. Build them with <code>make web</code> (Node 20.19 or newer, or the
one that <code>make setup</code> installs), then start Bursar again.</p>
<p>Everything else works: the <a href="/docs">API</a>, MCP at <code>/mcp</code>, and the
<code>bursar</code> command.</p></main></body></html>"""
)
SIGN_IN = (
    HEAD.format(title="Sign in to Bursar")
    + """<body><main><h1>Bursar</h1><p id="state">This link signs you in once.</p>
<button id="go" type="button">Sign in</button></main><script src="/sign-in.js"></script></body></html>"""
)
# The secret is in the fragment, so it reaches no log; a button, so that no preview uses it up.
SIGN_IN_SCRIPT = """const state = document.getElementById("state"), go = document.getElementById("go");
go.addEventListener("click", async () => {
  const secret = location.hash.slice(1);
  history.replaceState(null, "", "/sign-in");
  const response = await fetch("/api/v1/auth/link", { method: "POST",
    headers: { "Content-Type": "application/json" }, body: JSON.stringify({ secret }) });
  const answer = await response.json();
  go.hidden = true;
  state.textContent = response.ok
    ? `Signed in as ${answer.username} in ${answer.workspace_name}. The API is at /docs.`
    : `${answer.message}. ${answer.hint ?? ""}`;
});"""
