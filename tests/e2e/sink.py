"""A mail server for a pod: it prints every mail as one JSON line and sends none on. Standard library only."""

import asyncio
import email
import email.header
import json
import re
import sys

PORT = 2525


async def read_mail(reader, writer):
    """Speak SMTP with one sender."""

    async def say(line):
        writer.write(f"{line}\r\n".encode())
        await writer.drain()

    recipients = []
    await say("220 sink")
    while line := (await reader.readline()).decode().strip():
        verb = line.split(" ", maxsplit=1)[0].upper()
        if verb == "RCPT":
            recipients += re.findall(r"<(.+)>", line)
        if verb == "DATA":
            await say("354 go on")
            text = await reader.readuntil(b"\r\n.\r\n")
            note(text, recipients)
            recipients = []
        await say("221 bye" if verb == "QUIT" else "250 ok")
        if verb == "QUIT":
            break
    writer.close()


def note(text, recipients):
    mail = email.message_from_bytes(text)
    subject = str(email.header.make_header(email.header.decode_header(mail["Subject"] or "")))
    print(json.dumps({"subject": subject, "recipients": ", ".join(recipients)}), flush=True)  # noqa: T201 - its log is its store


async def main():
    server = await asyncio.start_server(read_mail, "0.0.0.0", PORT)  # noqa: S104 - in a pod
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
