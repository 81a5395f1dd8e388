-- The stable views and functions of schema mart, and the functions of schema intake, made anew at every migration, one file a subject in the order of
-- their names; see docs/architecture.md. Owned by courtyard_owner: a role sees through a view without rights on the
-- tables below it. courtyard_reader is granted only what names no person and counts nothing below a community.

DO $$
DECLARE
    views text[] := ARRAY(SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'mart'::regnamespace AND relkind = 'v');
    functions text[] := ARRAY(SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace IN ('mart'::regnamespace, 'intake'::regnamespace));
    made text;
BEGIN
    FOREACH made IN ARRAY views LOOP
        EXECUTE 'DROP VIEW IF EXISTS ' || made || ' CASCADE';
    END LOOP;
    FOREACH made IN ARRAY functions LOOP
        EXECUTE 'DROP FUNCTION IF EXISTS ' || made || ' CASCADE';
    END LOOP;
END
$$;
