"""Official letters (函) in the letter format of GB/T 9704-2012, and the ledger of their numbers.

Nothing here knows reports, cases or any other occasion: a room that writes a letter says what stands in it.
"""

from courtyard.letters.letter import Letter, LetterTable, Picture
from courtyard.letters.numbering import number_of

__all__ = ["Letter", "LetterTable", "Picture", "number_of"]
