"""Headers of records on the bus; the `crm-*` ones of dead letters are in interface.md. Values are text."""

DOCUMENTS = "crm-documents"
"""Search documents a fact touched, `type:id` with commas: the projector's nudge."""

REPLAY = "crm-dead-letter"
"""On a replayed record: the id of the dead letter it was, whose receipt it keeps."""

TRACE = "traceparent"
"""W3C trace context, as in the event's own attribute."""

RECEIPT = "crm-receipt"
"""On a report of our own channels: the receipt it was given."""
