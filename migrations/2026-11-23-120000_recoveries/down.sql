DROP TABLE recovery_memberships;
DROP TABLE recoveries;
