"""What stands on a board beside the chip."""
