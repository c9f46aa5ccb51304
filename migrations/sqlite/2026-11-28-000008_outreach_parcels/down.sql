drop table outreach_parcels;
drop table outreach_devices;
