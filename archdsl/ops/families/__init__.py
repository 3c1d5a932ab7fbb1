"""The operators, one file a family. To add one, write its class here; nothing else is edited."""
