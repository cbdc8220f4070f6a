#!/bin/sh
# The broker's start: its own login from a file, the storage formatted once with that login in it.
set -eu
umask 077
bin=/opt/kafka/bin
password=$(cat /run/secrets/kafka_admin_password)
login="org.apache.kafka.common.security.scram.ScramLoginModule required username=\"admin\" password=\"$password\";"
{
    cat /etc/crm/kafka.properties
    echo "listener.name.inside.scram-sha-512.sasl.jaas.config=$login"
} > /tmp/server.properties
{  # for the health check
    echo "security.protocol=SASL_PLAINTEXT"
    echo "sasl.mechanism=SCRAM-SHA-512"
    echo "sasl.jaas.config=$login"
} > /tmp/admin.properties
$bin/kafka-storage.sh format --ignore-formatted -c /tmp/server.properties \
    -t "$($bin/kafka-storage.sh random-uuid)" --add-scram "SCRAM-SHA-512=[name=admin,password=$password]"
exec $bin/kafka-server-start.sh /tmp/server.properties
