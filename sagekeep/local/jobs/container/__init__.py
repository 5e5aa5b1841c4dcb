"""What runs inside a container, on its interpreter, started by path; nothing here is imported by the tool."""
