"""The doors: REST, MCP, command line and worker, all generated from the operation registry."""
