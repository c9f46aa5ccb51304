drop table view_log;
drop table audit_checkpoint_heads;
drop table audit_checkpoints;
drop table audit_entries;
drop table audit_heads;
