"""Is what is drawn what was asked for? A classifier of real digits judges generators that are told the class."""
