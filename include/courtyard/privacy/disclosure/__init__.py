"""Disclosure control: which cells of published counts print `*`, so that no small count can be worked out.

`tables` says what is published, `system` turns all that was ever published into one system of equations
over whole numbers, `solver` searches another solution of it, `suppression` chooses the cells. Pure: no
database, no pack. docs/disclosure.md states the rules and what they do not protect.
"""
