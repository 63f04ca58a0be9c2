"""The networks, their first weights, and their convolutions as int8 sees them."""
