from __future__ import annotations

import asyncio
import datetime as dt
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509

from server import tls
from server.settings import read

NOW = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
ADDRESSES = ("192.0.2.7", "2001:db8::7")


def lan(data: Path) -> object:
    return read({"SHUANGSHI_LAN": "1", "SHUANGSHI_DATA_DIR": str(data)})


def leaf(data: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((data / "tls" / "server.pem").read_bytes())


def test_plain_by_default(tmp_path: Path) -> None:
    assert tls.prepare(read({"SHUANGSHI_DATA_DIR": str(tmp_path)}), ADDRESSES, NOW) == tls.Tls()
    assert not (tmp_path / "tls").exists()


def test_the_ca_stays_and_the_certificate_follows_the_addresses(tmp_path: Path) -> None:
    first = tls.prepare(lan(tmp_path), ADDRESSES, NOW)  # type: ignore[arg-type]
    made = leaf(tmp_path)
    assert tls.prepare(lan(tmp_path), ADDRESSES, NOW).ca_pem == first.ca_pem  # type: ignore[arg-type]
    assert leaf(tmp_path) == made
    tls.prepare(lan(tmp_path), ADDRESSES[:1], NOW)  # type: ignore[arg-type]
    assert leaf(tmp_path) == made
    moved = tls.prepare(lan(tmp_path), ("192.0.2.8",), NOW)  # type: ignore[arg-type]
    assert moved.ca_pem == first.ca_pem
    assert "192.0.2.8" in str(leaf(tmp_path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value)


def test_it_is_made_again_before_its_end(tmp_path: Path) -> None:
    tls.prepare(lan(tmp_path), ADDRESSES, NOW)  # type: ignore[arg-type]
    made = leaf(tmp_path)
    later = made.not_valid_after_utc - dt.timedelta(days=29)
    tls.prepare(lan(tmp_path), ADDRESSES, later)  # type: ignore[arg-type]
    assert leaf(tmp_path).not_valid_after_utc > made.not_valid_after_utc
    assert leaf(tmp_path).not_valid_after_utc - later <= dt.timedelta(days=398)


def test_a_spoilt_certificate_is_replaced_and_keys_are_private(tmp_path: Path) -> None:
    tls.prepare(lan(tmp_path), ADDRESSES, NOW)  # type: ignore[arg-type]
    (tmp_path / "tls" / "server.pem").write_text("cut")
    tls.prepare(lan(tmp_path), ADDRESSES, NOW)  # type: ignore[arg-type]
    for file in (tmp_path / "tls").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert sorted(file.name for file in (tmp_path / "tls").iterdir()) == ["ca.pem", "server.pem"]


def test_the_ca_given_out_holds_no_key(tmp_path: Path) -> None:
    prepared = tls.prepare(lan(tmp_path), ADDRESSES, NOW)  # type: ignore[arg-type]
    assert b"PRIVATE" not in prepared.ca_pem
    assert len(prepared.ca_fingerprint) == 95
    ca = x509.load_pem_x509_certificate(prepared.ca_pem)
    assert ca.extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(ca=True, path_length=0)


async def test_a_client_that_trusts_the_ca_connects_by_address_and_name(tmp_path: Path) -> None:
    prepared = tls.prepare(lan(tmp_path), ADDRESSES, dt.datetime.now(dt.UTC))  # type: ignore[arg-type]
    trusting = ssl.create_default_context(cadata=prepared.ca_pem.decode())

    async def hello(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hello, "127.0.0.1", 0, ssl=prepared.context)
    port = server.sockets[0].getsockname()[1]
    for name in ("127.0.0.1", "localhost", *ADDRESSES):
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting, server_hostname=name)
        writer.close()
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.open_connection("127.0.0.1", port, ssl=trusting, server_hostname="192.0.2.99")
    server.close()


def test_a_real_certificate_is_used_as_it_is(tmp_path: Path) -> None:
    tls.prepare(lan(tmp_path), ADDRESSES, NOW)  # type: ignore[arg-type]
    file = str(tmp_path / "tls" / "server.pem")
    own = tls.prepare(read({"SHUANGSHI_TLS_CERT": file, "SHUANGSHI_TLS_KEY": file, "SHUANGSHI_LAN": "1"}), ADDRESSES, NOW)
    assert own.context is not None
    assert own.ca_pem == b""
