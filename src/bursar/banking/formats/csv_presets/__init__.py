"""The CSV layouts of brokers and exchanges, one module each, and the registry that knows them."""
