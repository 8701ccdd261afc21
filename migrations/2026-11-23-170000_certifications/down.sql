DROP TABLE activation_failures;
DROP TABLE access_codes;
DROP TABLE certification_steps;
DROP TABLE certifications;
