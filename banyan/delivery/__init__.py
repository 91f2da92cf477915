"""What is delivered without a parcel: files, licence keys, service vouchers."""
