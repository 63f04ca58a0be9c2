"""What a profile observes besides the blocks: waiting and running times of exceptions, traffic on the bus."""
