#!/bin/sh
# The product's login at the broker; what it may do there says `crm topics principals`. Safe to repeat.
set -eu
umask 077
admin=$(cat /run/secrets/kafka_admin_password)
{
    echo "security.protocol=SASL_PLAINTEXT"
    echo "sasl.mechanism=SCRAM-SHA-512"
    echo "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username=\"admin\" password=\"$admin\";"
} > /tmp/admin.properties
/opt/kafka/bin/kafka-configs.sh --bootstrap-server kafka:9092 --command-config /tmp/admin.properties --alter \
    --entity-type users --entity-name crm --add-config "SCRAM-SHA-512=[password=$(cat /run/secrets/kafka_password)]"
