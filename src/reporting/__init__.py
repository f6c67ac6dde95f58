"""What we tell: figures, tables, pages, workbooks and their publication.

This floor draws what it is given: it knows how a number is written, a figure
drawn, a notebook run and a publication put in place. It must not know how a
number is made.
"""
