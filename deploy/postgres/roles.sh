#!/bin/sh
# Runs once, when the container makes its database. The schema belongs to bursar_owner, which runs
# the migrations; the server connects as bursar_app, which owns nothing and cannot pass row-level
# security.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set owner_password="$BURSAR_OWNER_PASSWORD" --set app_password="$BURSAR_APP_PASSWORD" <<'SQL'
CREATE ROLE bursar_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE bursar_app LOGIN PASSWORD :'app_password' NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
CREATE DATABASE bursar OWNER bursar_owner;
REVOKE ALL ON DATABASE bursar FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE bursar TO bursar_app;
SQL
