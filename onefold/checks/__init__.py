"""What `onefold doctor` looks at, one file each."""
