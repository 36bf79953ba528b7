"""The figures: each stands alone, and equal data gives equal bytes."""
