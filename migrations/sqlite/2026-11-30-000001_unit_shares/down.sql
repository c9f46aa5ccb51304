drop table unit_shares;
drop table unit_share_heads;
