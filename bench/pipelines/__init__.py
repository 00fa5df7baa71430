"""What files of repositories cost: read at a push, on a thousand branches at once, and under another configuration."""
