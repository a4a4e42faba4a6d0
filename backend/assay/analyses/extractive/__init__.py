"""The engine without a model: structure, typed patterns and the documents' own words."""
