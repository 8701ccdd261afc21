DROP TABLE authentic_sources;
