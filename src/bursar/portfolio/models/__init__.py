"""What portfolio takes in and gives out, by noun."""
