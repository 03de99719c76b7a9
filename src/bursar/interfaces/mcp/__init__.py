"""MCP: the registry's operations as tools and resources, by stdio, Streamable HTTP and SSE."""
