"""CAN and Ethernet controllers, and what connects them."""
