"""No credential leaves through any door: the doors are derived from the code, then every one is driven."""
