"""Real PostgreSQL, Kafka and Elasticsearch on this machine, for development and tests: `python -m dev.services --help`.

Why not containers: many machines have no engine running; Debian, Maven Central and a JDK are enough.
Never for production: one node each, no passwords, loopback only.
"""
