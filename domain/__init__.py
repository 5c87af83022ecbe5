"""What a contact is and how two become one. No I/O, no clock."""
