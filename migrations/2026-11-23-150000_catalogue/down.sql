DROP TABLE service_domains;
DROP TABLE services;
DROP TABLE sectors;
DROP TABLE administrations;
DROP TABLE catalogues;
