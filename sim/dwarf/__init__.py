"""What a firmware's debug information says of its source."""
