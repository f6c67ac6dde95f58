"""What comes next: outcomes, models of them, reasons, scores, and their grades.

This floor asks a question of every account at every month (will it leave, will it
grow), answers with a probability learned only from answers that were known by
then, says what the probability is associated with, keeps every score it ever
gave, and grades each once the truth is in. It stands on features and metrics. It
must not know any play, notebook or page.
"""
