"""What can be asked, a module for each kind; each returns a router over a `Service`."""
