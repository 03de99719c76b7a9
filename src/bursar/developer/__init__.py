"""What programs need to follow Bursar: events, and the work that happens outside."""
