-- Run once, when the database is made: the user the product works as. `crm db upgrade --application-role` gives it its rights.
\set password `cat /run/secrets/postgres_application_password`
CREATE ROLE crm_app LOGIN PASSWORD :'password';
