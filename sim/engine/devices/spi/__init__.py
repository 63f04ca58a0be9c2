"""SPI and Quad-SPI controllers, and what they share."""
