"""Live events: one reader of the journal for all listeners of a process, by SSE and WebSocket."""
