"""What happened: ARR, its movements, retention, renewals, each with one definition.

This floor turns contract lines, as known at some ``as_of``, into the numbers a
finance team signs: one ledger of movements in integer cents from which every
retention figure is read, and a registry that gives each printed number its
purpose, formula, owner and target. It must not know any feature, model, score,
play or page, nor when it is run: what was known is decided by the caller, who
hands over the lines.
"""
