"""The page a one-time link leads to.

The secret is in the fragment, so it reaches no log; a button, so that no preview uses it up.
"""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in to Bursar</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><meta name="color-scheme" content="light dark">
<link rel="icon" href="/docs/assets/favicon.png">
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; min-height: 100vh; display: grid;
  place-items: center; background: Canvas; color: CanvasText; }
main { max-width: 26rem; margin: 1rem; padding: 2rem; border: 1px solid GrayText;
  border-radius: .5rem; }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; }
p { margin: .5rem 0; }
button { font: inherit; padding: .5rem 1.25rem; margin-top: .5rem; border: 0; border-radius: .4rem;
  background: #1d5fd1; color: #fff; cursor: pointer; }
button:disabled { opacity: .6; cursor: default; }
[hidden] { display: none; }
</style></head>
<body><main><h1>Bursar</h1>
<p id="state" role="status">This link signs you in, once.</p><p id="hint" hidden></p>
<p><button id="go" type="button">Sign in</button></p>
<p id="next" hidden><a href="/docs">Open the API documentation</a></p>
<noscript><p>Signing in needs JavaScript; or run <code>bursar sign-in LINK</code>.</p></noscript>
</main><script src="/sign-in.js"></script></body></html>"""

SCRIPT = """const part = (id) => document.getElementById(id), go = part("go");
const say = (state, hint) => {
  part("state").textContent = state;
  part("hint").textContent = hint ?? "";
  part("hint").hidden = !hint;
};
const refused = "Start Bursar again for a new link, or ask an administrator for one.";
const secret = location.hash.slice(1);
if (!secret) {
  go.hidden = true;
  say("This address has no sign-in link in it.", "Open the whole link, up to its last character.");
}
go.addEventListener("click", async () => {
  go.disabled = true;
  let response, answer;
  try {
    response = await fetch("/api/v1/auth/link", { method: "POST",
      headers: { "Content-Type": "application/json" }, body: JSON.stringify({ secret }) });
    answer = await response.json();
  } catch {
    go.disabled = false;
    say("The server did not answer.", "The link is not used up: try again in a moment.");
    return;
  }
  history.replaceState(null, "", "/sign-in");
  go.hidden = true;
  if (response.ok) {
    say(`Signed in as ${answer.username} in ${answer.workspace_name}.`);
    part("next").hidden = false;
  } else if (response.status === 401) {
    say("This link was used already, has expired, or is not whole.", refused);
  } else {
    say(answer.message ?? "Signing in was refused.", answer.hint);
  }
});"""


async def sign_in_page(_request: Request) -> Response:
    """Return the page."""
    return HTMLResponse(PAGE, headers={"Cache-Control": "no-store"})


async def sign_in_script(_request: Request) -> Response:
    """Return its script."""
    return Response(SCRIPT, media_type="text/javascript", headers={"Cache-Control": "no-cache"})
