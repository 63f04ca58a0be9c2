"""What monitor commands reach of each kind of object, beyond what the object declares itself: one class an object."""
