-- Stable views for readers; see docs/architecture.md.
SELECT 1;
