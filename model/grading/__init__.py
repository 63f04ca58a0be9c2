"""The graded task: how near is a road user? Two stages on one embedding (SQRX, SQRXR), fused."""
