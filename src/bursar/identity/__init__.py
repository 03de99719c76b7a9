"""Who is calling: workspaces, people, passwords, sessions, API tokens and their scopes."""
