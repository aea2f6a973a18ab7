-- Users of the bundled PostgreSQL: one for the app, one for the webhook, neither of whom sees the other's tables.
-- Runs at each start of the server, as its superuser, and changes nothing that is so already.
\set ON_ERROR_STOP on
\getenv app OIMS_APP_USER
\getenv app_password OIMS_APP_PASSWORD
\getenv webhook OIMS_WEBHOOK_USER
\getenv webhook_password OIMS_WEBHOOK_PASSWORD

-- The log would otherwise hold the text of a statement that fails, and with it a password.
SET log_min_error_statement = panic;
SET client_min_messages = warning;

SELECT format('CREATE ROLE %I LOGIN', role)
FROM unnest(ARRAY[:'app', :'webhook']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
ALTER ROLE :"app" PASSWORD :'app_password';
ALTER ROLE :"webhook" PASSWORD :'webhook_password';

REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO :"app", :"webhook";

-- The webhook has a schema of its own, which is first in its search path because it has the webhook's name.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO :"app";
CREATE SCHEMA IF NOT EXISTS :"webhook" AUTHORIZATION :"webhook";

-- What the superuser owns was made before there were users for the parts.
SELECT format('ALTER TABLE public.%I SET SCHEMA %I', tablename, :'webhook')
FROM pg_tables
WHERE schemaname = 'public' AND tablename IN ('journal_state', 'journal_events', 'journal_episodes') \gexec
SELECT format('ALTER TABLE %I.%I OWNER TO %I', schemaname, tablename, role)
FROM pg_tables
JOIN (VALUES ('public', :'app'), (:'webhook', :'webhook')) AS owner (schema, role) ON schemaname = schema
WHERE tableowner <> role \gexec
-- A rollback to that time works on the same tables.
ALTER ROLE CURRENT_USER SET search_path = :"webhook", public;
