"""Which conformance scenarios do not apply to this server yet, by name, each with its reason.

The list is strict both ways: a failure that is not excused here fails the run, and so does an
excuse that no run needed. A key is a scenario, or `scenario/check` where only one check is meant.
"""

FIXTURE = "needs fixture tools or resources of fixed names, which the server does not load yet"
NO_PROMPTS = "the server serves no prompts and does not declare them"
NO_TASKS = "the Tasks extension is neither served nor declared"
NO_LOGGING = "protocol logging is deprecated; neither served nor declared"
NO_COMPLETIONS = "the server serves no completions and does not declare them"
NO_SUBSCRIPTIONS = "the server serves no subscriptions and declares subscribe: false"
NO_INPUT_ROUNDS = "no tool asks for further input; the scenario needs fixture tools that do"

NOT_APPLICABLE = {
    "caching/sep-2549-prompts-list-caching-hints": NO_PROMPTS,
    "completion-complete": NO_COMPLETIONS,
    "elicitation-sep1034-defaults": FIXTURE,
    "elicitation-sep1330-enums": FIXTURE,
    "http-custom-header-server-validation": "no tool maps an argument to a header (x-mcp-header)",
    "input-required-result-basic-elicitation": NO_INPUT_ROUNDS,
    "input-required-result-basic-list-roots": NO_INPUT_ROUNDS,
    "input-required-result-basic-sampling": NO_INPUT_ROUNDS,
    "input-required-result-capability-check": NO_INPUT_ROUNDS,
    "input-required-result-multi-round": NO_INPUT_ROUNDS,
    "input-required-result-multiple-input-requests": NO_INPUT_ROUNDS,
    "input-required-result-non-tool-request": NO_INPUT_ROUNDS,
    "input-required-result-request-state": NO_INPUT_ROUNDS,
    "input-required-result-result-type": NO_INPUT_ROUNDS,
    "input-required-result-tampered-state": NO_INPUT_ROUNDS,
    "json-schema-2020-12": f"{FIXTURE}; every served schema is checked by the test suite instead",
    "logging-set-level": NO_LOGGING,
    "prompts-get-embedded-resource": NO_PROMPTS,
    "prompts-get-simple": NO_PROMPTS,
    "prompts-get-with-args": NO_PROMPTS,
    "prompts-get-with-image": NO_PROMPTS,
    "prompts-list": NO_PROMPTS,
    "resources-read-binary": FIXTURE,
    "resources-read-text": FIXTURE,
    "resources-subscribe": NO_SUBSCRIPTIONS,
    "resources-templates-read": FIXTURE,
    "resources-unsubscribe": NO_SUBSCRIPTIONS,
    "server-sse-polling": FIXTURE,
    "server-stateless/sep-2575-missing-capability-http-400": FIXTURE,
    "server-stateless/sep-2575-server-rejects-undeclared-capability": FIXTURE,
    "tasks-capability-negotiation": NO_TASKS,
    "tasks-dispatch-and-envelope": NO_TASKS,
    "tasks-lifecycle": NO_TASKS,
    "tasks-mrtr-composition": NO_TASKS,
    "tasks-mrtr-input": NO_TASKS,
    "tasks-request-headers": NO_TASKS,
    "tasks-request-state-removal": NO_TASKS,
    "tasks-required-task-error": NO_TASKS,
    "tasks-wire-fields": NO_TASKS,
    "tools-call-audio": FIXTURE,
    "tools-call-elicitation": FIXTURE,
    "tools-call-embedded-resource": FIXTURE,
    "tools-call-image": FIXTURE,
    "tools-call-mixed-content": FIXTURE,
    "tools-call-sampling": FIXTURE,
    "tools-call-with-logging": FIXTURE,
    "tools-call-with-progress": FIXTURE,
}
# These pass, but only because any answer to a call of a missing fixture satisfies them.
ONLY_WITH_FIXTURE = frozenset(
    {
        "input-required-result-ignore-extra-params",
        "input-required-result-missing-input-response",
        "input-required-result-validate-input",
        "tasks-status-notifications",
        "tools-call-error",
        "tools-call-simple-text",
    }
)
# What must have run: a suite that silently drops one of these fails.
REQUIRED = frozenset(
    {
        "caching",
        "dns-rebinding-protection",
        "http-header-validation",
        "ping",
        "resources-list",
        "sep-2164-resource-not-found",
        "server-initialize",
        "server-session-lifecycle",
        "server-sse-multiple-streams",
        "server-stateless",
        "tools-list",
    }
)
