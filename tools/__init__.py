"""What is run by hand, seldom: makes data files from published sources."""
