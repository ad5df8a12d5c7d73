"""The platform-neutral core of Paperboy: papers in, documents out."""
