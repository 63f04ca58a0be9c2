"""A live page of the board on loopback: what it sees, says and costs, while it runs."""
