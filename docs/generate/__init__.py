"""What of the documentation is made from the code: one module for each kind of block."""
