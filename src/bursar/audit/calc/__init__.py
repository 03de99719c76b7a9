"""Pure parts of the sealed journal: trees, checkpoints, and the replay that checks them."""
