"""Memory cards and flash memories, and their controllers."""
