"""UARTs and USARTs, and what they share."""
