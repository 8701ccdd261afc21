DROP TABLE procedure_type_versions;
DROP TABLE procedure_types;
