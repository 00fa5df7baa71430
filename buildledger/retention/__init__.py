"""What may be deleted: decides by age and quota, records it as facts first, and only then removes bytes."""
