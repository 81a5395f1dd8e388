"""The quarterly cycle of the grids: workbooks issued, collected, receipted, chased and locked."""
