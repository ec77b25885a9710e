"""What a run tells: numbers, pictures, progress."""
