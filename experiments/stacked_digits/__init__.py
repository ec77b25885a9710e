"""Mode collapse counted: how many of the 1,000 modes of stacked digits a generator makes."""
