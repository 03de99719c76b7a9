"""Pure rules of identity: what a role may do, how a credential is spelled, how long to wait."""
