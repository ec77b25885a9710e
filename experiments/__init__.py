"""What is measured and compared around ganjax; no part of the package."""
