"""I2C controllers, and what they share."""
