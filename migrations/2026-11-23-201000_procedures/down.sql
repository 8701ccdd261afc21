DROP TABLE procedure_steps;
DROP TABLE procedures;
