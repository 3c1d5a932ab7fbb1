"""Time on a device, predicted from the graph and a profile of the device alone."""
