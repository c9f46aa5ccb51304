-- Operations were found by their arrival to be forgotten; they are kept now.
drop index if exists outreach_operations_by_arrival;
