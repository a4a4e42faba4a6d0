"""What a caller may do now: rate, concurrency, shares and limits of a tier."""
