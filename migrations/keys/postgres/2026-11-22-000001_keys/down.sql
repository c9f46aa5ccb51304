drop table anchors;
drop table wrapped_keys;
