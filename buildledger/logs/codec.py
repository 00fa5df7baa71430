"""From bytes of a log to a chunk and back."""

import sqlite3

import zstandard

from buildledger.logs.packs import PackReader

RAW, ZSTD = 0, 1
"""Values of `chunk.codec`."""

UNREADABLE = (sqlite3.Error, OSError, zstandard.ZstdError, ValueError, TypeError, AttributeError, OverflowError)
"""What reading a damaged store raises: its rows may hold anything."""
COMPRESS_MIN_BYTES = 128
COMPRESSION_LEVEL = 1
"""The fastest level that still halves typical output twice; higher ones cost more than the disk they save."""


class ChunkCodec:
    """Compresses and decompresses chunks, wherever their bytes stand; used by one thread at a time."""

    def __init__(self, packs: PackReader) -> None:
        self._packs = packs
        self._compressor = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL)
        self._decompressor = zstandard.ZstdDecompressor()

    def compress(self, data: bytes) -> tuple[int, bytes]:
        """The codec that suits `data` and its result."""
        if len(data) >= COMPRESS_MIN_BYTES:
            compressed = self._compressor.compress(data)
            if len(compressed) < len(data):
                return ZSTD, compressed
        return RAW, data

    def unpack(self, size: int, codec: int, pack: int, pack_at: int, packed_bytes: int, data: bytes | None) -> bytes:
        """The bytes of a chunk, given the columns of its row."""
        packed = self._packs.read(pack, pack_at, packed_bytes) if data is None else data
        return self._decompressor.decompress(packed, max_output_size=size) if codec == ZSTD else packed
