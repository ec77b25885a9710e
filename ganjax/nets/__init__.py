"""Networks: a size is an argument, never a class."""
