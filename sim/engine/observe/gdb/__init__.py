"""The GDB remote serial protocol (GDB manual, appendix E): packets, what they ask of a machine, and the server."""
