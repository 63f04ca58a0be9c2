"""Names of the outputs: of the first stage (SQRX), and of the second (SQRXR)."""

GRADES, SCORE = "grades", "score"
