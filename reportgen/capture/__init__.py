"""Facts about the world as documents of the standard: a value or a reason, never a raise."""
