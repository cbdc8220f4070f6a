#!/bin/sh
# Secrets come as files; the product reads settings from the environment. Nothing is written anywhere.
set -eu
secret() { cat "/run/secrets/$1"; }
CRM_SECRET_KEY=$(secret crm_secret_key)
CRM_DATABASE_URL="postgresql+psycopg://crm:$(secret postgres_password)@postgres:5432/crm"
CRM_SEARCH_URL="http://elastic:$(secret elastic_password)@elasticsearch:9200"
export CRM_SECRET_KEY CRM_DATABASE_URL CRM_SEARCH_URL
exec "$@"
