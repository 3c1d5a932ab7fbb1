"""What people look at: cost tables and drawings."""
