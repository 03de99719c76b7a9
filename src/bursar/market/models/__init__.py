"""What market takes in and gives out."""
