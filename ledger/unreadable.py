"""What reading a document raises that somebody wrote who does not know its form."""

UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
