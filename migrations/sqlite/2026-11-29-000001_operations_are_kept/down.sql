create index outreach_operations_by_arrival on outreach_operations (received_at);
