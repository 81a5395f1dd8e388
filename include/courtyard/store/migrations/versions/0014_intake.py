"""The intake service: what residents handed in is forgotten after its time, on the pipeline's word"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# The pipeline deletes by age only and reads nothing of it. Nothing of the last half year goes, whatever it asks for.
FORGET = """
CREATE OR REPLACE FUNCTION intake.forget(street text, before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE forgotten bigint;
BEGIN
  IF before > now() - interval '6 months' THEN
    RAISE EXCEPTION 'Reports of the last six months are kept.';
  END IF;
  DELETE FROM intake.photo WHERE street_code = street AND taken_in_at < before;
  DELETE FROM intake.reply r USING intake.report p
   WHERE r.report_id = p.report_id AND p.street_code = street AND p.requested_at < before;
  DELETE FROM intake.report WHERE street_code = street AND requested_at < before;
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END $$;
REVOKE ALL ON FUNCTION intake.forget(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION intake.forget(text, timestamptz) TO courtyard_pipeline;
"""


def upgrade() -> None:
    op.execute(FORGET)


def downgrade() -> None:
    raise RuntimeError("Restore a backup instead.")
